"""S3 through boto3, and what of it is there after the server was started anew on the same directory."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.sagemaker_local.aws.mount import AwsMount
from include.sagemaker_local.aws.objects import MotoObjects, MountedObjects
from include.sagemaker_local.aws.s3_archive import S3Archive
from include.sagemaker_local.aws.s3_memory import MotoMemory
from include.sagemaker_local.aws.s3_store import S3Store
from include.sagemaker_local.errors import ArtifactError
from tests.fakes.aws_server import ACCOUNT, aws_server, client, put

MIB = 1024 * 1024


def blobs(directory: Path) -> list[Path]:
    return [path for path in (directory / "blobs").glob("*/*") if path.is_file()]


@pytest.mark.parametrize("size", [0, 1, 20 * MIB])
def test_uploads_with_boto3s_defaults_come_back_byte_for_byte(tmp_path: Path, size: int) -> None:
    sent = os.urandom(size)
    source, before, after = tmp_path / "source", tmp_path / "before", tmp_path / "after"
    source.write_bytes(sent)
    with aws_server(tmp_path / "s3") as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="models")
        s3.upload_file(str(source), "models", "a/b.bin")  # 20 MiB go up in parts
        s3.download_file("models", "a/b.bin", str(before))
        etag = s3.head_object(Bucket="models", Key="a/b.bin")["ETag"]
    with aws_server(tmp_path / "s3") as url:
        s3 = client("s3", url)
        s3.download_file("models", "a/b.bin", str(after))
        head = s3.head_object(Bucket="models", Key="a/b.bin")
    assert before.read_bytes() == after.read_bytes() == sent
    assert (head["ETag"], head["ContentLength"]) == (etag, size)


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_in_trailers_are_not_part_of_the_object(tmp_path: Path, algorithm: str) -> None:
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="b12")
        s3.put_object(Bucket="b12", Key="k", Body=b"payload", ChecksumAlgorithm=algorithm)
        assert s3.get_object(Bucket="b12", Key="k", ChecksumMode="ENABLED")["Body"].read() == b"payload"


def test_a_chunk_signed_body_is_unpacked(tmp_path: Path) -> None:
    """As SDKs send it that cannot sign the body beforehand, and boto3 over TLS."""
    with aws_server(tmp_path) as url:
        client("s3", url).create_bucket(Bucket="b12")
        status = put(
            f"{url}/b12/k",
            b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
            x_amz_content_sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            content_encoding="aws-chunked",
            x_amz_trailer="x-amz-checksum-crc32",
            x_amz_decoded_content_length="5",
        )
        assert status == 200
        assert client("s3", url).get_object(Bucket="b12", Key="k")["Body"].read() == b"hello"


def test_what_is_told_of_an_object_survives_with_it(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        s3 = client("s3", url, region="eu-west-1")
        s3.create_bucket(Bucket="models", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(
            Bucket="models",
            Key="ünï code/+ %2F.gz",
            Body=b"x" * 100,
            ContentType="application/gzip",
            CacheControl="no-store",
            Metadata={"owner": "ops", "git_sha": "abc"},
            StorageClass="STANDARD_IA",
        )
        told = s3.get_object(Bucket="models", Key="ünï code/+ %2F.gz")
        bucket = s3.list_buckets()["Buckets"]
    with aws_server(tmp_path) as url:
        s3 = client("s3", url, region="eu-west-1")
        again = s3.get_object(Bucket="models", Key="ünï code/+ %2F.gz")
        assert s3.get_bucket_location(Bucket="models")["LocationConstraint"] == "eu-west-1"
        assert s3.list_buckets()["Buckets"] == bucket
        assert again["Metadata"] == {"owner": "ops", "git_sha": "abc"}
    for name in (
        "ETag",
        "LastModified",
        "ContentType",
        "CacheControl",
        "StorageClass",
        "ContentLength",
        "ChecksumCRC32",
    ):
        assert again[name] == told[name], name


def test_copies_deletions_and_overwrites_survive_and_their_files_go(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        for bucket in ("one", "two"):
            s3.create_bucket(Bucket=f"bucket-{bucket}")
        for key in ("kept", "overwritten", "deleted", "swept-1", "swept-2"):
            s3.put_object(Bucket="bucket-one", Key=key, Body=key.encode())
        s3.put_object(Bucket="bucket-one", Key="overwritten", Body=b"new")
        s3.copy_object(Bucket="bucket-one", Key="copy", CopySource={"Bucket": "bucket-one", "Key": "kept"})
        s3.delete_object(Bucket="bucket-one", Key="deleted")
        s3.delete_objects(Bucket="bucket-one", Delete={"Objects": [{"Key": "swept-1"}, {"Key": "swept-2"}]})
        s3.delete_bucket(Bucket="bucket-two")
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["bucket-one"]
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket="bucket-one")["Contents"]]
        bodies = {key: s3.get_object(Bucket="bucket-one", Key=key)["Body"].read() for key in keys}
    assert bodies == {"kept": b"kept", "copy": b"kept", "overwritten": b"new"}
    assert len(blobs(tmp_path)) == 2  # the copy shares its content with the original


def test_a_deleted_version_stays_deleted_and_versioning_stays_on(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="models")
        s3.put_bucket_versioning(Bucket="models", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket="models", Key="gone", Body=b"1")
        s3.put_object(Bucket="models", Key="two", Body=b"1")
        version = s3.put_object(Bucket="models", Key="two", Body=b"2")["VersionId"]
        s3.delete_object(Bucket="models", Key="gone")
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        assert s3.get_bucket_versioning(Bucket="models")["Status"] == "Enabled"
        assert [item["Key"] for item in s3.list_objects_v2(Bucket="models")["Contents"]] == ["two"]
        found = s3.get_object(Bucket="models", Key="two")
        assert (found["VersionId"], found["Body"].read()) == (version, b"2")


def test_a_disk_that_refuses_is_reported_and_what_was_acknowledged_stays(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="models")
        s3.put_object(Bucket="models", Key="k", Body=b"acknowledged")
        # SHA-256 of b"refused" begins with 83: a file where its directory would be makes the disk refuse it.
        obstacle = tmp_path / "blobs" / "83"
        obstacle.write_text("in the way")
        with pytest.raises(ClientError) as refusal:
            s3.put_object(Bucket="models", Key="k", Body=b"refused")
        assert refusal.value.response["Error"]["Code"] == "InsufficientStorage"
        assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 507
        assert s3.get_object(Bucket="models", Key="k")["Body"].read() == b"acknowledged"
        with pytest.raises(ClientError):
            s3.put_object(Bucket="models", Key="new", Body=b"refused")
        assert [item["Key"] for item in s3.list_objects_v2(Bucket="models")["Contents"]] == ["k"]
        obstacle.unlink()
        s3.put_object(Bucket="models", Key="new", Body=b"refused")
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        assert s3.get_object(Bucket="models", Key="k")["Body"].read() == b"acknowledged"
        assert s3.get_object(Bucket="models", Key="new")["Body"].read() == b"refused"


def test_a_file_that_a_crash_left_without_a_row_is_removed(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        client("s3", url).create_bucket(Bucket="models")
    orphan = tmp_path / "blobs" / "ab" / ("ab" * 32)
    partial = tmp_path / "blobs" / "ab" / f"{'ab' * 32}.partial"
    orphan.parent.mkdir(parents=True)
    for path in (orphan, partial):
        path.write_bytes(b"left over")
    with aws_server(tmp_path):
        assert blobs(tmp_path) == []


def test_presigned_urls_buckets_in_the_host_name_and_form_types_are_stored_too(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="models")
        presigned = s3.generate_presigned_url("put_object", Params={"Bucket": "models", "Key": "k"})
        assert put(presigned, b"presigned") == 200
        assert put(f"{url}/v", b"virtual", host="models.localhost:1") == 200
        assert put(f"{url}/models/c", b"a=b&Action=ListThings", content_type="application/x-www-form-urlencoded") == 200
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        bodies = {key: s3.get_object(Bucket="models", Key=key)["Body"].read() for key in "kvc"}
    assert bodies == {"k": b"presigned", "v": b"virtual", "c": b"a=b&Action=ListThings"}


def test_objects_are_read_in_process_and_absent_ones_are_named(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="models")
        s3.put_object(Bucket="models", Key="a/model.tar.gz", Body=b"bytes")
        objects = MotoObjects(MotoMemory(ACCOUNT))
        assert objects.read("s3://models/a/model.tar.gz") == b"bytes"
        assert objects.exists("s3://models/a/model.tar.gz")
        assert not objects.exists("s3://models/a/other")
        for uri in ("s3://models/a/other", "s3://nowhere/x", "s3://models/", "https://models/x", "model.tar.gz"):
            with pytest.raises(ArtifactError, match=uri):
                objects.read(uri)


def test_what_this_process_writes_is_kept_like_any_upload(tmp_path: Path) -> None:
    names = ("a/b.csv.out", "with space/ü+&?#%.csv.out")
    with aws_server(tmp_path) as url:
        client("s3", url).create_bucket(Bucket="results")
    memory = MotoMemory(ACCOUNT)
    mount = AwsMount(S3Archive(memory, S3Store(tmp_path)), account_id=ACCOUNT)
    objects = MountedObjects(memory, mount.handle)

    async def write() -> None:
        await mount.load()
        for name in names:
            await objects.write(f"s3://results/{name}", b"old")
            await objects.write(f"s3://results/{name}", b"new")
        with pytest.raises(
            ArtifactError, match=r"s3://nowhere/x could not be written: NoSuchBucket: The specified bucket"
        ):
            await objects.write("s3://nowhere/x", b"lost")

    asyncio.run(write())
    mount.close()
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        assert {s3.get_object(Bucket="results", Key=name)["Body"].read() for name in names} == {b"new"}


def test_objects_are_found_by_the_beginning_of_their_keys(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="data")
        for key in ("in/b", "in/a", "inner", "other"):
            s3.put_object(Bucket="data", Key=key, Body=b"x")
        objects = MotoObjects(MotoMemory(ACCOUNT))
        assert objects.find("s3://data/in/") == ["s3://data/in/a", "s3://data/in/b"]
        assert objects.find("s3://data/in") == ["s3://data/in/a", "s3://data/in/b", "s3://data/inner"]
        assert len(objects.find("s3://data")) == 4
        assert objects.find("s3://data/none") == []
        for uri in ("s3://nowhere/in/", "https://data/in/"):
            with pytest.raises(ArtifactError, match=uri):
                objects.find(uri)


PART = b"p" * 5 * 1024 * 1024  # the least that a part may be which is not the last


def test_the_parts_of_an_upload_come_back_and_it_goes_on(tmp_path: Path) -> None:
    made: dict[str, Any] = {"Bucket": "models", "Key": "big"}
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="models")
        upload = s3.create_multipart_upload(**made, ContentType="text/csv", Metadata={"mine": "1"})["UploadId"]
        aborted = s3.create_multipart_upload(**made)["UploadId"]
        s3.upload_part(**made, UploadId=aborted, PartNumber=1, Body=b"gone")
        s3.abort_multipart_upload(**made, UploadId=aborted)
        s3.upload_part(**made, UploadId=upload, PartNumber=1, Body=b"replaced")
        first = s3.upload_part(**made, UploadId=upload, PartNumber=1, Body=PART)["ETag"]
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        assert [one["UploadId"] for one in s3.list_multipart_uploads(Bucket="models")["Uploads"]] == [upload]
        (listed,) = s3.list_parts(**made, UploadId=upload)["Parts"]
        assert (listed["PartNumber"], listed["ETag"], listed["Size"]) == (1, first, len(PART))
        second = s3.upload_part(**made, UploadId=upload, PartNumber=2, Body=b"end")["ETag"]
        parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]
        s3.complete_multipart_upload(**made, UploadId=upload, MultipartUpload={"Parts": parts})
        assert len(list((tmp_path / "blobs").glob("*/*"))) == 1
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        found = s3.get_object(**made)
        assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (
            PART + b"end",
            "text/csv",
            {"mine": "1"},
        )
        assert "Uploads" not in s3.list_multipart_uploads(Bucket="models")


def test_a_part_that_the_disk_refuses_is_not_there(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="models")
        upload = s3.create_multipart_upload(Bucket="models", Key="big")["UploadId"]
        # SHA-256 of b"refused" begins with 83: a file where its directory would be makes the disk refuse it.
        (tmp_path / "blobs" / "83").write_bytes(b"")
        with pytest.raises(ClientError) as refused:
            s3.upload_part(Bucket="models", Key="big", UploadId=upload, PartNumber=1, Body=b"refused")
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 507
        assert "Parts" not in s3.list_parts(Bucket="models", Key="big", UploadId=upload)
        s3.delete_bucket(Bucket="models")


def test_tags_come_back_and_go_with_the_object(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="b12")
        for key in ("tagged", "later", "anew"):
            s3.put_object(Bucket="b12", Key=key, Body=b"1", Tagging="team=ml&stage=test")
        later = {"TagSet": [{"Key": "team", "Value": "data"}]}
        s3.put_object_tagging(Bucket="b12", Key="later", Tagging=later)
        s3.put_object(Bucket="b12", Key="anew", Body=b"2")
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        found = {key: s3.get_object_tagging(Bucket="b12", Key=key)["TagSet"] for key in ("tagged", "later", "anew")}
    assert found == {
        "tagged": [{"Key": "stage", "Value": "test"}, {"Key": "team", "Value": "ml"}],
        "later": later["TagSet"],
        "anew": [],
    }

"""Versions, ACLs and buckets' settings through boto3, before and after the server was started anew."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.sagemaker_local.aws.blobs import BlobFiles
from tests.fakes.aws_server import ACCOUNT, aws_server, client

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::set/*"}
    ],
}
# By the operation: what it is given, and how it is read back.
SETTINGS: dict[str, dict[str, Any]] = {
    "policy": {"Policy": json.dumps(POLICY)},
    "cors": {"CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}},
    "lifecycle_configuration": {
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "ID": "old",
                    "Status": "Enabled",
                    "Filter": {"And": {"Prefix": "tmp/", "Tags": [{"Key": "a", "Value": "b"}]}},
                    "Expiration": {"Days": 3},
                    "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}],
                }
            ]
        }
    },
    "tagging": {"Tagging": {"TagSet": [{"Key": "team", "Value": "ml"}]}},
    "versioning": {"VersioningConfiguration": {"Status": "Enabled"}},
    "encryption": {
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        }
    },
    "notification_configuration": {
        "NotificationConfiguration": {
            "QueueConfigurations": [
                {
                    "Id": "n",
                    "QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:told",
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "k"}]}},
                }
            ]
        }
    },
    "public_access_block": {
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": False,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": False,
        }
    },
    "website": {"WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}},
    "accelerate_configuration": {"AccelerateConfiguration": {"Status": "Enabled"}},
    "request_payment": {"RequestPaymentConfiguration": {"Payer": "Requester"}},
    "ownership_controls": {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
    "acl": {"ACL": "log-delivery-write"},
    "logging": {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "set", "TargetPrefix": "log/"}}},
}


def operation(s3: Any, verb: str, setting: str) -> Any:
    """Some are named after the bucket, some are not."""
    names = (f"{verb}_bucket_{setting}", f"{verb}_{setting}")
    return next(getattr(s3, name) for name in names if hasattr(s3, name))


def settings(s3: Any) -> dict[str, Any]:
    found = {}
    for setting in SETTINGS:
        answer = operation(s3, "get", setting)(Bucket="set")
        del answer["ResponseMetadata"]
        found[setting] = answer
    return found


def test_every_setting_of_a_bucket_comes_back_and_is_in_force(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        s3, sqs = client("s3", url), client("sqs", url)
        sqs.create_queue(QueueName="told")
        s3.create_bucket(Bucket="set", ObjectLockEnabledForBucket=True)
        for setting, request in SETTINGS.items():
            operation(s3, "put", setting)(Bucket="set", **request)
        before = settings(s3)
    with aws_server(tmp_path) as url:
        s3, sqs = client("s3", url), client("sqs", url)
        assert settings(s3) == before
        assert s3.get_object_lock_configuration(Bucket="set")["ObjectLockConfiguration"]
        s3.put_object(Bucket="set", Key="k", Body=b"x")
        queue = sqs.get_queue_url(QueueName="told")["QueueUrl"]
        bodies = [one["Body"] for one in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]]
        assert any('"key": "k"' in body for body in bodies)
        s3.delete_bucket_policy(Bucket="set")
    with aws_server(tmp_path) as url, pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        client("s3", url).get_bucket_policy(Bucket="set")


def listed(s3: Any) -> list[tuple[Any, ...]]:
    answer = s3.list_object_versions(Bucket="old")
    versions = [(one["Key"], one["VersionId"], one["IsLatest"], one["ETag"]) for one in answer.get("Versions", ())]
    markers = [(one["Key"], one["VersionId"], one["IsLatest"], "") for one in answer.get("DeleteMarkers", ())]
    return versions + markers


def test_older_versions_and_delete_markers_come_back(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="old")
        s3.put_object(Bucket="old", Key="k", Body=b"before versions")
        s3.put_bucket_versioning(Bucket="old", VersioningConfiguration={"Status": "Enabled"})
        made = [s3.put_object(Bucket="old", Key="k", Body=b"%d" % n)["VersionId"] for n in range(3)]
        s3.put_object_tagging(
            Bucket="old", Key="k", VersionId=made[0], Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
        )
        s3.delete_object(Bucket="old", Key="k", VersionId=made[1])
        s3.delete_object(Bucket="old", Key="k")
        s3.put_object(Bucket="old", Key="gone", Body=b"0")  # has the bytes of another's version
        s3.delete_object(Bucket="old", Key="gone")
        s3.delete_object(Bucket="old", Key="gone")
        before = listed(s3)
    assert len(list((tmp_path / "blobs").glob("*/*"))) == 3  # the three contents that some version has
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        assert listed(s3) == before
        assert s3.get_object(Bucket="old", Key="k", VersionId=made[0])["Body"].read() == b"0"
        assert s3.get_object(Bucket="old", Key="k", VersionId="null")["Body"].read() == b"before versions"
        assert s3.get_object_tagging(Bucket="old", Key="k", VersionId=made[0])["TagSet"] == [{"Key": "a", "Value": "b"}]
        with pytest.raises(ClientError, match="NoSuchKey"):
            s3.get_object(Bucket="old", Key="k")
        (marker,) = [one for one in before if one[0] == "k" and one[2]]
        s3.delete_object(Bucket="old", Key="k", VersionId=marker[1])
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        assert s3.get_object(Bucket="old", Key="k")["Body"].read() == b"2"
        s3.put_object(Bucket="old", Key="k", Body=b"3")
        before = listed(s3)
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        assert listed(s3) == before
        assert s3.get_object(Bucket="old", Key="k")["Body"].read() == b"3"


def test_acls_and_locks_of_objects_come_back(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="acl", ObjectLockEnabledForBucket=True)
        s3.put_object(Bucket="acl", Key="public", Body=b"x", ACL="public-read")
        s3.put_object(Bucket="acl", Key="private", Body=b"x", WebsiteRedirectLocation="/elsewhere")
        s3.put_object(Bucket="acl", Key="locked", Body=b"x", ObjectLockLegalHoldStatus="ON")
        upload = s3.create_multipart_upload(Bucket="acl", Key="parts", ACL="public-read")["UploadId"]
        before = [s3.get_object_acl(Bucket="acl", Key=key)["Grants"] for key in ("public", "private")]
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        assert [s3.get_object_acl(Bucket="acl", Key=key)["Grants"] for key in ("public", "private")] == before
        assert s3.head_object(Bucket="acl", Key="private")["WebsiteRedirectLocation"] == "/elsewhere"
        assert s3.get_object_legal_hold(Bucket="acl", Key="locked")["LegalHold"] == {"Status": "ON"}
        part = s3.upload_part(Bucket="acl", Key="parts", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
        s3.complete_multipart_upload(Bucket="acl", Key="parts", UploadId=upload, MultipartUpload=parts)
        assert s3.get_object_acl(Bucket="acl", Key="parts")["Grants"] == before[0]


def test_a_setting_that_the_disk_refuses_is_taken_back(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="set")
        with sqlite3.connect(tmp_path / "s3.sqlite3") as db:
            db.execute(
                "CREATE TRIGGER full BEFORE UPDATE ON buckets BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
            )
        with pytest.raises(ClientError, match="disk cannot take it: the disk is full"):
            s3.put_bucket_policy(Bucket="set", Policy=json.dumps(POLICY))
        with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
            s3.get_bucket_policy(Bucket="set")


def test_a_file_of_an_earlier_version_is_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    sha256 = BlobFiles(tmp_path / "blobs").put(b"kept")
    record = {
        "etag": "5f2b51ca2fdc5baa31ec02e002f69aec",
        "modified_at_s": 1750000000.0,
        "storage_class": "STANDARD",
        "version_id": "null",
        "metadata": {"content-type": "text/csv"},
        "tags": {"a": "b"},
    }
    with sqlite3.connect(tmp_path / "s3.sqlite3") as db:
        db.execute(
            "CREATE TABLE buckets (name TEXT PRIMARY KEY, region TEXT, created_at_s REAL, versioning TEXT) STRICT"
        )
        db.execute(
            "CREATE TABLE objects (bucket TEXT, key TEXT, sha256 TEXT, size INTEGER, record TEXT,"
            " PRIMARY KEY (bucket, key)) STRICT, WITHOUT ROWID"
        )
        db.execute("CREATE INDEX objects_by_content ON objects (sha256)")
        db.execute("INSERT INTO buckets VALUES ('b12', 'us-east-1', 1750000000.0, NULL)")
        db.execute("INSERT INTO objects VALUES ('b12', 'k', ?, 4, ?)", (sha256, json.dumps(record)))
        record["version_id"] = "one"
        db.execute("INSERT INTO objects VALUES ('b12', 'v', ?, 4, ?)", (sha256, json.dumps(record)))
    for _ in range(2):
        with aws_server(tmp_path) as url:
            found = client("s3", url).get_object(Bucket="b12", Key="k")
            assert (found["Body"].read(), found["ContentType"]) == (b"kept", "text/csv")
            assert client("s3", url).head_object(Bucket="b12", Key="v")["VersionId"] == "one"

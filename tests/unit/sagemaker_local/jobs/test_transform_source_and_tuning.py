"""Which files a transform job reads, and how its requests are made up."""

from __future__ import annotations

import gzip
import json

import pytest

from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.jobs.transform_request import Tuning
from include.sagemaker_local.jobs.transform_source import find_source, read_file
from include.sagemaker_local.jobs.transform_tuning import (
    BadTuning,
    batch_environment,
    read_execution_parameters,
    settle,
)
from tests.fakes.objects import DictObjects
from tests.fakes.transforms import transform_request

# -- files


def test_a_prefix_stands_for_all_that_begins_with_it_but_folders() -> None:
    objects = DictObjects({f"s3://in/data/{name}": b"" for name in ("b.csv", "a.csv", "", "sub/", "sub/c.csv")})
    objects.objects["s3://in/database.csv"] = b""
    found = find_source(transform_request(), objects)
    assert found.uris == ("s3://in/data/a.csv", "s3://in/data/b.csv", "s3://in/data/sub/c.csv")
    assert find_source(transform_request(s3={"S3Uri": "s3://in/data"}), objects).uris[-1] == "s3://in/database.csv"


def test_a_manifest_lists_its_files() -> None:
    manifest = json.dumps([{"prefix": "s3://in/data/"}, "b.csv", "sub/a.csv", "b.csv"]).encode()
    request = transform_request(s3={"S3DataType": "ManifestFile", "S3Uri": "s3://in/m.json"})
    found = find_source(request, DictObjects({"s3://in/m.json": manifest}))
    assert (found.base_uri, found.uris) == ("s3://in/data/", ("s3://in/data/b.csv", "s3://in/data/sub/a.csv"))


@pytest.mark.parametrize(
    "manifest",
    [b"no", b"{}", b"[]", b'["a"]', b'[{"prefix": 1}, "a"]', b'[{"prefix": "s3://b/"}]', b'[{"prefix": "s3://b/"}, 1]'],
)
def test_what_is_no_manifest(manifest: bytes) -> None:
    request = transform_request(s3={"S3DataType": "ManifestFile", "S3Uri": "s3://in/m.json"})
    with pytest.raises(ArtifactError, match=r"s3://in/m\.json is no manifest"):
        find_source(request, DictObjects({"s3://in/m.json": manifest}))


def test_nothing_to_transform() -> None:
    with pytest.raises(ArtifactError, match="there are no objects under s3://in/data/"):
        find_source(transform_request(), DictObjects({"s3://in/other": b""}))


def test_gzip() -> None:
    objects = DictObjects({"s3://in/a.gz": gzip.compress(b"a\n") + gzip.compress(b"b\n"), "s3://in/b.gz": b"plain"})
    assert read_file("s3://in/a.gz", objects, unpack=True) == b"a\nb\n"
    assert read_file("s3://in/b.gz", objects, unpack=False) == b"plain"
    with pytest.raises(ArtifactError, match=r"s3://in/b\.gz is not gzip"):
        read_file("s3://in/b.gz", objects, unpack=True)


# -- how many, how large


@pytest.mark.parametrize(
    ("asked", "container", "settled"),
    [
        (Tuning(), Tuning(), "MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD"),
        (Tuning(), Tuning(8, 5, True), "MaxConcurrentTransforms=8, MaxPayloadInMB=5, BatchStrategy=SINGLE_RECORD"),
        (
            Tuning(2, 7, False),
            Tuning(8, 5, True),
            "MaxConcurrentTransforms=2, MaxPayloadInMB=7, BatchStrategy=MULTI_RECORD",
        ),
        (
            Tuning(max_payload_mb=0),
            Tuning(8, 5, None),
            "MaxConcurrentTransforms=8, MaxPayloadInMB=0, BatchStrategy=MULTI_RECORD",
        ),
    ],
)
def test_the_job_comes_before_the_container_and_the_container_before_the_defaults(
    asked: Tuning, container: Tuning, settled: str
) -> None:
    assert str(settle(asked, container)) == settled


def test_no_more_than_100_mb_at_a_time() -> None:
    assert settle(Tuning(max_concurrent=10), Tuning(max_payload_mb=10)).max_concurrent == 10
    with pytest.raises(BadTuning, match="17 requests at a time of 6 MB each are more than the 100 MB"):
        settle(Tuning(max_concurrent=17), Tuning())


@pytest.mark.parametrize(
    ("asked", "container", "settled"),
    [
        (Tuning(), Tuning(36, 6), (16, 6)),  # AWS's XGBoost container on a machine of 36 CPUs
        (Tuning(max_payload_mb=100), Tuning(8), (1, 100)),
        (Tuning(), Tuning(2, 500), (1, 100)),
        (Tuning(max_payload_mb=0), Tuning(64), (64, 0)),
    ],
)
def test_what_the_container_wants_is_met_as_far_as_it_goes(
    asked: Tuning, container: Tuning, settled: tuple[int, int]
) -> None:
    requests = settle(asked, container)
    assert (requests.max_concurrent, requests.max_payload_mb) == settled


def test_containers_see_what_the_user_set_and_no_more() -> None:
    assert batch_environment(Tuning()) == {"SAGEMAKER_BATCH": "true"}
    assert batch_environment(Tuning(4, 0, True)) == {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "0",
        "SAGEMAKER_BATCH_STRATEGY": "SINGLE_RECORD",
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "4",
    }
    assert batch_environment(Tuning(single_record=False))["SAGEMAKER_BATCH_STRATEGY"] == "MULTI_RECORD"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"MaxConcurrentTransforms":8,"BatchStrategy":"MULTI_RECORD","MaxPayloadInMB":6}', Tuning(8, 6, False)),
        (b'{"BatchStrategy": "SINGLE_RECORD"}', Tuning(None, None, True)),
        (b'{"MaxConcurrentTransforms": 0, "MaxPayloadInMB": -1, "BatchStrategy": 1}', Tuning()),
        (b'{"MaxConcurrentTransforms": true, "MaxPayloadInMB": "6"}', Tuning()),
        (b"[1]", Tuning()),
        (b"<html>", Tuning()),
        (b"\xff", Tuning()),
    ],
)
def test_execution_parameters(body: bytes, said: Tuning) -> None:
    assert read_execution_parameters(body) == said


def test_defaults_of_the_request() -> None:
    request = transform_request()
    assert (request.timeout_s, request.max_retries, request.tuning) == (600.0, 3, Tuning())
    asked = transform_request(
        ModelClientConfig={"InvocationsTimeoutInSeconds": 5, "InvocationsMaxRetries": 0}, MaxConcurrentTransforms=0
    )
    assert (asked.timeout_s, asked.max_retries, asked.tuning) == (5.0, 0, Tuning())

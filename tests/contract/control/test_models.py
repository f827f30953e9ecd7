"""Models: one container or a chain, described, refused, listed and deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.sagemaker_local.store.selection import Selection
from tests.contract.control.conftest import IMAGE, ROLE, Rig
from tests.fakes.archives import tar_gz
from tests.fakes.transforms import accepted

Refused = Callable[..., tuple[str, str]]
REGION = "us-east-1"


def test_a_pipeline_is_described_as_it_was_created(rig: Rig) -> None:
    rig.model()
    described = rig.client.describe_model(ModelName="pipeline")
    assert described["ModelArn"] == "arn:aws:sagemaker:us-east-1:123456789012:model/pipeline"
    assert described["Containers"][0]["Environment"] == {"STAGE": "1"}
    assert described["Containers"][1] == {"Image": IMAGE, "ModelDataUrl": "s3://models/b.tar.gz"}
    assert described["InferenceExecutionConfig"] == {"Mode": "Serial"}
    assert described["ExecutionRoleArn"] == ROLE
    assert described["CreationTime"].timestamp() == rig.clock.now_s()
    assert "PrimaryContainer" not in described
    assert "VpcConfig" not in described


def test_containers_without_hostnames_are_named_by_position(rig: Rig) -> None:
    rig.model()
    assert [container.name for container in rig.containers()] == ["container-1", "container-2"]


def test_hostnames_are_kept(rig: Rig) -> None:
    rig.model(Containers=[{"Image": IMAGE, "ContainerHostname": name} for name in ("first", "second")])
    assert [container.name for container in rig.containers()] == ["first", "second"]


def test_a_single_containers_hostname_is_ignored(rig: Rig) -> None:
    rig.client.create_model(ModelName="one", PrimaryContainer={"Image": IMAGE, "ContainerHostname": "me"})
    assert [container.name for container in rig.containers("one")] == ["container-1"]
    assert "InferenceExecutionConfig" not in rig.client.describe_model(ModelName="one")


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({}, "Neither PrimaryContainer nor Containers"),
        ({"Containers": []}, "Neither PrimaryContainer nor Containers"),
        ({"PrimaryContainer": {"Image": "i"}, "Containers": [{"Image": "i"}]}, "Both PrimaryContainer and Containers"),
        ({"PrimaryContainer": {"ModelDataUrl": "s3://models/a.tar.gz"}}, "PrimaryContainer needs an Image"),
        ({"Containers": [{"Image": "i", "ContainerHostname": "a"}, {"Image": "i"}]}, "for every container"),
        ({"Containers": [{"Image": "i", "ContainerHostname": "a"}] * 2}, "must be unique"),
        ({"Containers": [{"Image": "i"}] * 16}, "Member must have length less than or equal to 15"),
        ({"PrimaryContainer": {"Image": "i", "InferenceSpecificationName": "x"}}, "no ModelPackageName"),
        (
            {
                "PrimaryContainer": {
                    "Image": "i",
                    "ModelDataUrl": "s3://models/a.tar.gz",
                    "ModelDataSource": {
                        "S3DataSource": {"S3Uri": "s3://a/b", "S3DataType": "S3Object", "CompressionType": "Gzip"}
                    },
                }
            },
            "both ModelDataUrl and ModelDataSource",
        ),
        (
            {"PrimaryContainer": {"Image": "i", "ModelDataUrl": "s3://models/none.tar.gz"}},
            "Could not find model data at",
        ),
        ({"PrimaryContainer": {"Image": "i", "ModelPackageName": "g/1"}}, "both ModelPackageName and Image"),
        ({"PrimaryContainer": {"Image": "i"}, "Tags": [{"Key": "aws:x", "Value": ""}]}, "reserved for AWS"),
        ({"PrimaryContainer": {"Image": "i"}, "Tags": [{"Key": "x", "Value": ""}] * 2}, "more than once"),
    ],
)
def test_a_model_that_cannot_be_is_refused_and_not_kept(
    rig: Rig, refused: Refused, request_: dict[str, Any], reason: str
) -> None:
    code, message = refused(rig.client.create_model, ModelName="bad", **request_)
    assert code == "ValidationException"
    assert reason in message
    assert rig.store.models(Selection(REGION)).records == []


@pytest.mark.parametrize(
    ("request_", "member"),
    [
        ({"PrimaryContainer": {"Image": "i", "Mode": "MultiModel"}}, "Mode MultiModel"),
        ({"PrimaryContainer": {"Image": "i", "MultiModelConfig": {}}}, "MultiModelConfig"),
        ({"PrimaryContainer": {"Image": "i", "AdditionalModelDataSources": []}}, "AdditionalModelDataSources"),
        ({"PrimaryContainer": {"Image": "i", "ImageConfig": {"RepositoryAccessMode": "Vpc"}}}, "ImageConfig"),
        ({"PrimaryContainer": {"Image": "i", "ModelDataUrl": "https://b.s3.amazonaws.com/k"}}, "https"),
        ({"PrimaryContainer": {"Image": "i"}, "EnableNetworkIsolation": True}, "EnableNetworkIsolation"),
        (
            {
                "PrimaryContainer": {
                    "Image": "i",
                    "ModelDataSource": {
                        "S3DataSource": {"S3Uri": "s3://a/b", "S3DataType": "S3Prefix", "CompressionType": "None"}
                    },
                }
            },
            "ModelDataSource",
        ),
    ],
)
def test_what_is_not_served_is_refused_by_its_name(
    rig: Rig, refused: Refused, request_: dict[str, Any], member: str
) -> None:
    code, message = refused(rig.client.create_model, ModelName="m", **request_)
    assert code == "UnsupportedOperation"
    assert member in message
    assert rig.store.models(Selection(REGION)).records == []


def test_a_model_whose_containers_are_invoked_directly(rig: Rig, refused: Refused) -> None:
    direct = {"InferenceExecutionConfig": {"Mode": "Direct"}}
    rig.model("direct", **direct)
    assert rig.client.describe_model(ModelName="direct")["InferenceExecutionConfig"] == {"Mode": "Direct"}
    rig.config("config-1", model="direct")
    rig.endpoint()
    assert rig.deployed().variants[0].direct
    kept = rig.store.endpoint(REGION, "staging")
    assert kept is not None
    assert kept.live is not None
    assert kept.live.variants[0].direct
    code, message = refused(rig.client.create_model, ModelName="alone", PrimaryContainer={"Image": "i"}, **direct)
    assert code == "ValidationException"
    assert "Containers" in message


def test_what_needs_the_whole_chain_refuses_a_model_that_is_invoked_directly(rig: Rig, refused: Refused) -> None:
    rig.model("pipeline", InferenceExecutionConfig={"Mode": "Direct"})
    rig.endpoint()
    rig.deployed()
    for subject, inputs in (
        ("the model pipeline", {}),
        ('endpoint "arn', {"Endpoints": [{"EndpointName": "staging"}]}),
    ):
        source = {"ModelPackageVersionArn": rig.package()} if inputs else {"ModelName": "pipeline"}
        code, message = refused(
            rig.client.create_inference_recommendations_job,
            JobName="job",
            JobType="Default",
            RoleArn=ROLE,
            InputConfig={**source, **inputs},
        )
        assert code == "UnsupportedOperation"
        assert subject in message
        assert "invoked directly" in message
    rig.objects.objects["s3://in/data/a.csv"] = b"1"
    code, message = refused(rig.client.create_transform_job, **accepted(TransformJobName="job"))
    assert code == "UnsupportedOperation"
    assert "invoked directly" in message


def test_a_single_archive_may_be_given_as_a_model_data_source(rig: Rig) -> None:
    source = {"S3Uri": "s3://models/a.tar.gz", "S3DataType": "S3Object", "CompressionType": "Gzip"}
    rig.client.create_model(
        ModelName="m", PrimaryContainer={"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}
    )
    assert rig.containers("m")[0].model_data_url == "s3://models/a.tar.gz"


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (b"plain text", "gzip"),
        (b"", "empty"),
        (tar_gz()[:40], "s3://models/bad.tar.gz"),
        (tar_gz(links={"model": "/etc/passwd"}), "link"),
        (tar_gz({"../outside": b"x"}), "outside"),
    ],
)
def test_model_data_that_cannot_be_used_is_refused_before_anything_is_created(
    rig: Rig, refused: Refused, archive: bytes, reason: str
) -> None:
    rig.objects.objects["s3://models/bad.tar.gz"] = archive
    good = {"Image": IMAGE, "ModelDataUrl": "s3://models/a.tar.gz"}
    bad = {"Image": IMAGE, "ModelDataUrl": "s3://models/bad.tar.gz"}
    code, message = refused(rig.client.create_model, ModelName="m", Containers=[good, bad])
    assert code == "ValidationException"
    assert message.startswith("Could not use model data at s3://models/bad.tar.gz: ")
    assert reason in message
    assert rig.store.models(Selection(REGION)).records == []


def environment(total_bytes: int) -> dict[str, str]:
    """Entries of 1 KB, key and value together, the last one shorter."""
    entries: dict[str, str] = {}
    while total_bytes > 0:
        size = min(1024, total_bytes)
        key = f"K{len(entries):03d}"
        entries[key] = "v" * (size - len(key))
        total_bytes -= size
    return entries


def test_the_environment_of_all_containers_together_has_a_limit(rig: Rig, refused: Refused) -> None:
    half = environment(16 * 1024)
    rig.model("fits", Containers=[{"Image": IMAGE, "Environment": half}] * 2)
    over = {"Image": IMAGE, "Environment": {**half, "ONE": "x"}}
    code, message = refused(rig.model, name="over", Containers=[{"Image": IMAGE, "Environment": half}, over])
    assert code == "ValidationException"
    assert "32772 bytes; the limit is 32768" in message


def test_a_pipeline_has_one_multi_model_container_at_most(rig: Rig, refused: Refused) -> None:
    several = [{"Image": "i", "Mode": "MultiModel", "ModelDataUrl": "s3://models/"}] * 2
    assert refused(rig.model, Containers=several) == (
        "ValidationException",
        "More than one container in MultiModel mode is not supported with inference pipeline.",
    )


def test_environment_values_are_limited_in_bytes(rig: Rig, refused: Refused) -> None:
    rig.model("fits", Containers=[{"Image": IMAGE, "Environment": {"A": "ü" * 512}}])
    code, message = refused(rig.model, Containers=[{"Image": IMAGE, "Environment": {"A": "ü" * 513}}])
    assert (code, "1026 bytes; the limit is 1024" in message) == ("ValidationException", True)


def test_delete_model(rig: Rig) -> None:
    rig.model()
    rig.client.delete_model(ModelName="pipeline")
    with pytest.raises(ClientError, match="Could not find model"):
        rig.client.describe_model(ModelName="pipeline")


def test_models_are_listed_newest_first_in_pages(rig: Rig) -> None:
    for number in range(12):
        rig.client.create_model(ModelName=f"m-{number:02d}", PrimaryContainer={"Image": IMAGE})
        rig.clock.advance(1)
    assert len(rig.client.list_models()["Models"]) == 10
    pages = rig.client.get_paginator("list_models").paginate(PaginationConfig={"PageSize": 5})
    names = [model["ModelName"] for model in pages.search("Models[]")]
    assert names == [f"m-{number:02d}" for number in reversed(range(12))]
    ascending = rig.client.list_models(SortBy="Name", SortOrder="Ascending", NameContains="M-1")
    assert [model["ModelName"] for model in ascending["Models"]] == ["m-10", "m-11"]
    cut = rig.client.list_models()["Models"][3]["CreationTime"]
    later = rig.client.list_models(CreationTimeAfter=cut.replace(microsecond=0))
    assert [model["ModelName"] for model in later["Models"]] == ["m-11", "m-10", "m-09", "m-08"]

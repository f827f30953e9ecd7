"""Which models and packages a recommendation job takes, and what they have to say, through boto3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.control.conftest import IMAGE, Rig
from tests.contract.control.job_requests import ARN, CONTAINER_CONFIG, create_job, describe_job

Refused = Callable[..., tuple[str, str]]


@pytest.mark.parametrize(
    ("missing", "overrides"),
    [
        ("Domain", {"Domain": None}),
        ("Task", {"Task": None}),
        ("SamplePayloadUrl", {"SamplePayloadUrl": None}),
        (
            "Framework",
            {"InferenceSpecification": {"Containers": [{"Image": IMAGE}], "SupportedContentTypes": ["text/csv"]}},
        ),
        (
            "SupportedContentTypes",
            {"InferenceSpecification": {"Containers": [{"Image": IMAGE, "Framework": "XGBOOST"}]}},
        ),
    ],
)
def test_what_the_package_must_say(rig: Rig, refused: Refused, missing: str, overrides: dict[str, Any]) -> None:
    package = rig.package(**overrides)
    assert refused(create_job, rig=rig, inputs={"ModelPackageVersionArn": package}) == (
        "ValidationException",
        f"Specify {missing} in the Model Package version 1. {missing} is a mandatory parameter for the job.",
    )
    assert rig.store.jobs() == []
    assert rig.job_wakes == 0


def test_the_container_config_stands_in_for_what_the_package_does_not_say(rig: Rig) -> None:
    package = rig.package(Domain=None, Task=None, SamplePayloadUrl=None)
    config = {
        "Domain": "MACHINE_LEARNING",
        "Task": "CLASSIFICATION",
        "PayloadConfig": {"SamplePayloadUrl": "s3://models/payload.tar.gz"},
    }
    create_job(rig, inputs={"ModelPackageVersionArn": package, "ContainerConfig": config})
    assert describe_job(rig)["InputConfig"]["ContainerConfig"] == config


@pytest.mark.parametrize("missing", ["Domain", "Task", "Framework", "SamplePayloadUrl", "SupportedContentTypes"])
def test_a_model_needs_a_container_config_that_says_it_all(rig: Rig, refused: Refused, missing: str) -> None:
    rig.model()
    payload = {name: value for name, value in CONTAINER_CONFIG["PayloadConfig"].items() if name != missing}
    config = {name: value for name, value in CONTAINER_CONFIG.items() if name != missing}
    inputs = {"ModelName": "pipeline", "ContainerConfig": {**config, "PayloadConfig": payload}}
    assert refused(create_job, rig=rig, inputs=inputs) == (
        "ValidationException",
        f"Specify {missing} in ContainerConfig. {missing} is a mandatory parameter for the job.",
    )


def test_a_model_with_a_container_config(rig: Rig) -> None:
    rig.model()
    create_job(rig, inputs={"ModelName": "pipeline", "ContainerConfig": CONTAINER_CONFIG})
    listed = rig.client.list_inference_recommendations_jobs(ModelNameEquals="pipeline")
    (job,) = listed["InferenceRecommendationsJobs"]
    assert (job["JobName"], job["ModelName"], job["SamplePayloadUrl"]) == ("bench", "pipeline", "s3://b/p.tar.gz")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "InputConfig needs either ModelPackageVersionArn or ModelName, and not both."),
        (
            {"ModelPackageVersionArn": f"{ARN}:model-package/fraud/1", "ModelName": "m"},
            "InputConfig needs either ModelPackageVersionArn or ModelName, and not both.",
        ),
        (
            {"ModelPackageVersionArn": f"{ARN}:model-package/nope/1"},
            f"ModelPackage {ARN}:model-package/nope/1 does not exist.",
        ),
        ({"ModelName": "nope"}, f'Could not find model "{ARN}:model/nope".'),
    ],
)
def test_models_and_packages_that_cannot_be(rig: Rig, refused: Refused, inputs: dict[str, Any], message: str) -> None:
    assert refused(create_job, rig=rig, inputs=inputs) == ("ValidationException", message)

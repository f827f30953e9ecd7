"""Which existing endpoints a recommendation job takes, through boto3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from include.sagemaker_local.lifecycle import EndpointEvent
from tests.contract.control.conftest import IMAGE, ROLE, Rig
from tests.contract.control.job_requests import ARN, REGION, create_job, create_job_on_staging, create_load_test

Refused = Callable[..., tuple[str, str]]
STAGING = [{"EndpointName": "staging"}]
Create = Callable[[Rig], str]


def default_job(rig: Rig) -> str:
    return create_job(rig, inputs={"ModelPackageVersionArn": rig.package(), "Endpoints": STAGING})


def load_test(rig: Rig) -> str:
    return create_load_test(rig, Endpoints=STAGING)


BOTH_TYPES = pytest.mark.parametrize("create", [default_job, load_test])


@BOTH_TYPES
def test_the_endpoint_must_be_there_and_in_service(rig: Rig, refused: Refused, create: Create) -> None:
    assert refused(create, rig=rig)[1] == f'Could not find endpoint "{ARN}:endpoint/staging".'
    rig.endpoint()
    assert refused(create, rig=rig) == (
        "ValidationException",
        f'Endpoint "{ARN}:endpoint/staging" is Creating; an endpoint to be benchmarked must be InService.',
    )
    rig.deployed()
    create(rig)


@BOTH_TYPES
def test_the_endpoint_must_not_scale_automatically(rig: Rig, refused: Refused, create: Create) -> None:
    """For Advanced jobs too, though a notebook of AWS's does that: the guide forbids it."""
    rig.endpoint()
    rig.deployed()
    who = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/staging/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    rig.scaling.register_scalable_target(**who, MinCapacity=1, MaxCapacity=2)
    assert refused(create, rig=rig) == (
        "ValidationException",
        f'Endpoint "{ARN}:endpoint/staging" scales automatically; an endpoint to be benchmarked must not. Deregister '
        "its scalable target endpoint/staging/variant/AllTraffic from Application Auto Scaling first.",
    )
    rig.scaling.deregister_scalable_target(**who)
    create(rig)


@BOTH_TYPES
def test_the_endpoint_must_have_one_variant(rig: Rig, refused: Refused, create: Create) -> None:
    rig.endpoint()
    live = rig.deployed()
    two = replace(live, variants=(live.variants[0], replace(live.variants[0], name="other")))
    rig.store.move_endpoint(REGION, "staging", EndpointEvent.UPDATE, wanted=two)
    rig.deployed()
    assert refused(create, rig=rig) == (
        "ValidationException",
        f'Endpoint "{ARN}:endpoint/staging" has 2 variants; an endpoint to be benchmarked must have exactly one.',
    )


@BOTH_TYPES
def test_the_endpoint_must_be_a_real_time_one(rig: Rig, refused: Refused, create: Create) -> None:
    rig.model()
    variant = {"VariantName": "v", "ModelName": "pipeline", "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}
    rig.client.create_endpoint_config(
        EndpointConfigName="config-1",
        ProductionVariants=[variant],
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://b/out"}},
    )
    rig.endpoint()
    rig.deployed()
    assert refused(create, rig=rig) == (
        "ValidationException",
        f'Endpoint "{ARN}:endpoint/staging" is asynchronous; an endpoint to be benchmarked must be a real-time '
        "endpoint.",
    )


@BOTH_TYPES
def test_the_endpoint_must_not_be_invoked_directly(rig: Rig, refused: Refused, create: Create) -> None:
    containers = [{"Image": IMAGE, "ContainerHostname": name} for name in ("a", "b")]
    rig.model(Containers=containers, InferenceExecutionConfig={"Mode": "Direct"})
    rig.endpoint()
    rig.deployed()
    code, message = refused(create, rig=rig)
    assert (code, message) == (
        "UnsupportedOperation",
        f'The local SageMaker does not support endpoint "{ARN}:endpoint/staging" in CreateInferenceRecommendationsJob: '
        "its containers are invoked directly. Leave it out.",
    )


def test_a_load_test_of_an_endpoint_needs_no_instance_types(rig: Rig) -> None:
    rig.endpoint()
    rig.deployed()
    create_load_test(rig, Endpoints=STAGING, EndpointConfigurations=None)


def test_multi_model_and_serverless_endpoints_cannot_be_made_in_the_first_place(rig: Rig, refused: Refused) -> None:
    assert refused(
        rig.client.create_model,
        ModelName="many",
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": IMAGE, "Mode": "MultiModel"},
    ) == (
        "UnsupportedOperation",
        "The local SageMaker does not support Mode MultiModel in PrimaryContainer: multi-model endpoints are not "
        "served. Leave it out.",
    )
    rig.model()
    serverless = {"MemorySizeInMB": 1024, "MaxConcurrency": 1}
    variant = {"VariantName": "v", "ModelName": "pipeline", "ServerlessConfig": serverless}
    code, message = refused(
        rig.client.create_endpoint_config, EndpointConfigName="serverless", ProductionVariants=[variant]
    )
    assert (code, "ServerlessConfig" in message) == ("UnsupportedOperation", True)


@pytest.mark.parametrize(
    ("endpoints", "message"),
    [
        ([{}], "InputConfig.Endpoints needs an EndpointName."),
        (
            [{"EndpointName": "a"}, {"EndpointName": "b"}],
            "at 'inputConfig.endpoints' failed to satisfy constraint: Member must have length less than or equal to 1",
        ),
    ],
)
def test_one_endpoint_a_job_by_its_name(
    rig: Rig, refused: Refused, endpoints: list[dict[str, Any]], message: str
) -> None:
    inputs = {"ModelPackageVersionArn": rig.package(), "Endpoints": endpoints}
    code, got = refused(create_job, rig=rig, inputs=inputs)
    assert (code, message in got) == ("ValidationException", True)


def test_a_list_without_an_endpoint_is_a_job_without_one(rig: Rig) -> None:
    create_job(rig, inputs={"ModelPackageVersionArn": rig.package(), "Endpoints": []})
    create_job_on_staging(rig, "other")

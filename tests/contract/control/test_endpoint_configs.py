from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from include.sagemaker_local.store.selection import Selection
from tests.contract.control.conftest import ROLE, Rig
from tests.fakes.in_process import sagemaker_client

Refused = Callable[..., tuple[str, str]]


def test_describe_echoes_the_request_and_fills_in_the_weight(rig: Rig) -> None:
    rig.model()
    rig.config(VolumeSizeInGB=10)
    described = rig.client.describe_endpoint_config(EndpointConfigName="config-1")
    assert described["EndpointConfigArn"] == "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/config-1"
    assert described["ProductionVariants"] == [
        {
            "VariantName": "AllTraffic",
            "ModelName": "pipeline",
            "InstanceType": "ml.c5.large",
            "InitialInstanceCount": 1,
            "InitialVariantWeight": 1.0,
            "VolumeSizeInGB": 10,
        }
    ]
    assert "DataCaptureConfig" not in described


def test_an_unknown_model(rig: Rig, refused: Refused) -> None:
    assert refused(rig.config, model="Nope") == (
        "ValidationException",
        'Could not find model "arn:aws:sagemaker:us-east-1:123456789012:model/nope".',
    )


def test_an_unknown_instance_type_is_told_with_those_that_there_are(rig: Rig, refused: Refused) -> None:
    rig.model()
    code, message = refused(rig.config, InstanceType="ml.m7g.large")
    assert code == "ValidationException"
    assert message.startswith(
        "1 validation error detected: Value 'ml.m7g.large' at 'productionVariants.1.member.instanceType' failed to "
        "satisfy constraint: Member must satisfy enum value set: [ml.t2.medium, "
    )


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"InitialVariantWeight": 0}, "above 0"),
        ({"InitialVariantWeight": -1.0}, "greater than or equal to 0"),
        ({"InitialInstanceCount": 0}, "greater than or equal to 1"),
    ],
)
def test_numbers_that_make_no_sense(rig: Rig, refused: Refused, overrides: dict[str, Any], reason: str) -> None:
    rig.model()
    # botocore checks minimums before it sends; not every client does.
    rig.client = sagemaker_client(rig.plane.handle, parameter_validation=False)
    code, message = refused(rig.config, **overrides)
    assert (code, reason in message) == ("ValidationException", True)


@pytest.mark.parametrize("missing", ["ModelName", "InstanceType", "InitialInstanceCount"])
def test_an_instance_based_variant_needs_all_three(rig: Rig, refused: Refused, missing: str) -> None:
    rig.model()
    variant = {
        "VariantName": "v",
        "ModelName": "pipeline",
        "InstanceType": "ml.c5.large",
        "InitialInstanceCount": 1,
    }
    del variant[missing]
    code, message = refused(rig.client.create_endpoint_config, EndpointConfigName="c", ProductionVariants=[variant])
    assert (code, missing in message) == ("ValidationException", True)


def test_variant_names_are_unique(rig: Rig, refused: Refused) -> None:
    rig.model()
    variant = {"VariantName": "v", "ModelName": "pipeline", "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}
    code, message = refused(
        rig.client.create_endpoint_config, EndpointConfigName="c", ProductionVariants=[variant, variant]
    )
    assert (code, "must be unique" in message) == ("ValidationException", True)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("ServerlessConfig", {"MemorySizeInMB": 1024, "MaxConcurrency": 1}),
        ("ManagedInstanceScaling", {"Status": "ENABLED"}),
        ("AcceleratorType", "ml.eia2.medium"),
        ("CoreDumpConfig", {"DestinationS3Uri": "s3://b/k"}),
        ("RoutingConfig", {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}),
    ],
)
def test_a_variant_member_that_is_not_served_is_refused_by_name(
    rig: Rig, refused: Refused, member: str, value: Any
) -> None:
    rig.model()
    code, message = refused(rig.config, **{member: value})
    assert (code, member in message) == ("UnsupportedOperation", True)
    assert rig.store.endpoint_configs(Selection("us-east-1")).records == []


@pytest.mark.parametrize(
    ("member", "value"),
    [
        (
            "DataCaptureConfig",
            {
                "InitialSamplingPercentage": 100,
                "DestinationS3Uri": "s3://b/k",
                "CaptureOptions": [{"CaptureMode": "Input"}],
            },
        ),
        ("AsyncInferenceConfig.OutputConfig.KmsKeyId", {"OutputConfig": {"S3OutputPath": "s3://b/k", "KmsKeyId": "k"}}),
        (
            "AsyncInferenceConfig.OutputConfig.NotificationConfig.IncludeInferenceResponseIn",
            {"OutputConfig": {"NotificationConfig": {"IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"]}}},
        ),
        ("S3FailurePath https://b/k", {"OutputConfig": {"S3OutputPath": "s3://b/k", "S3FailurePath": "https://b/k"}}),
        (
            "ShadowProductionVariants",
            [{"VariantName": "s", "ModelName": "pipeline", "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}],
        ),
    ],
)
def test_a_member_that_is_not_served_is_refused_by_name(rig: Rig, refused: Refused, member: str, value: Any) -> None:
    rig.model()
    variant = {"VariantName": "v", "ModelName": "pipeline", "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}
    request = {"EndpointConfigName": "c", "ProductionVariants": [variant], _request_member(member): value}
    code, message = refused(rig.client.create_endpoint_config, **request)
    assert (code, member in message) == ("UnsupportedOperation", True)


def _request_member(refused_as: str) -> str:
    """The member of the request that holds what is refused."""
    return "AsyncInferenceConfig" if refused_as.startswith(("Async", "S3")) else refused_as


ASYNC = {
    "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 3},
    "OutputConfig": {
        "S3OutputPath": "s3://b/out",
        "S3FailurePath": "s3://b/failed",
        "NotificationConfig": {
            "SuccessTopic": "arn:aws:sns:us-east-1:123456789012:good",
            "ErrorTopic": "arn:aws:sns:us-east-1:123456789012:bad",
        },
    },
}
VARIANT = {"VariantName": "v", "ModelName": "pipeline", "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}


@pytest.mark.parametrize("config", [ASYNC, {"OutputConfig": {"S3OutputPath": "s3://b/out"}}])
def test_an_asynchronous_endpoint_is_shown_as_it_was_asked_for(
    rig: Rig, refused: Refused, config: dict[str, Any]
) -> None:
    rig.model()
    rig.client.create_endpoint_config(
        EndpointConfigName="config-1", ProductionVariants=[VARIANT], AsyncInferenceConfig=config
    )
    described = rig.client.describe_endpoint_config(EndpointConfigName="config-1")
    assert described["AsyncInferenceConfig"] == config
    rig.endpoint()
    rig.deployed()
    assert rig.client.describe_endpoint(EndpointName="staging")["AsyncInferenceConfig"] == config
    code, message = refused(
        rig.client.create_inference_recommendations_job,
        JobName="job",
        JobType="Default",
        RoleArn=ROLE,
        InputConfig={"ModelPackageVersionArn": rig.package(), "Endpoints": [{"EndpointName": "staging"}]},
    )
    assert code == "ValidationException"
    assert "must be a real-time endpoint" in message


def test_asynchronous_endpoints_need_a_place_for_results_and_a_chain(rig: Rig, refused: Refused) -> None:
    rig.model()
    request = {"EndpointConfigName": "c", "ProductionVariants": [VARIANT]}
    create = rig.client.create_endpoint_config
    code, message = refused(create, AsyncInferenceConfig={"OutputConfig": {}}, **request)
    assert (code, "needs an S3OutputPath" in message) == ("ValidationException", True)
    rig.model("direct", InferenceExecutionConfig={"Mode": "Direct"})
    request["ProductionVariants"] = [{**VARIANT, "ModelName": "direct"}]
    code, message = refused(create, AsyncInferenceConfig=ASYNC, **request)
    assert (code, "Mode Direct" in message) == ("UnsupportedOperation", True)


def test_list_and_delete(rig: Rig, refused: Refused) -> None:
    rig.model()
    rig.config("one")
    rig.clock.advance(1)
    rig.config("two")
    listed = rig.client.list_endpoint_configs()["EndpointConfigs"]
    assert [item["EndpointConfigName"] for item in listed] == ["two", "one"]
    rig.client.delete_endpoint_config(EndpointConfigName="two")
    assert len(rig.client.list_endpoint_configs()["EndpointConfigs"]) == 1

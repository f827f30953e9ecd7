"""What a recommendation job may ask for, through boto3: a change of a right request, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.control.conftest import IMAGE, Rig
from tests.contract.control.job_requests import (
    ARN,
    CONTAINER_CONFIG,
    PHASES,
    create_job,
    create_load_test,
    describe_job,
)

Refused = Callable[..., tuple[str, str]]
WITH_SPECIFICATION = [{"InstanceType": "ml.c5.large", "InferenceSpecificationName": "fast"}]


def ranges(*given: tuple[str, list[str]]) -> list[dict[str, Any]]:
    parameters = [{"Name": name, "Value": values} for name, values in given]
    return [
        {
            "InstanceType": "ml.c5.large",
            "EnvironmentParameterRanges": {"CategoricalParameterRanges": parameters},
        }
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"EndpointConfigurations": [{"InstanceType": "ml.t2.medium"}]},
            "Burstable instance type ml.t2.medium is not allowed.",
        ),
        (
            {"ContainerConfig": {"SupportedInstanceTypes": ["ml.c5.large", "ml.t3.large"]}},
            "Burstable instance type ml.t3.large is not allowed.",
        ),
        (
            {"ContainerConfig": {"SupportedInstanceTypes": ["ml.m7g.large"]}},
            "ml.m7g.large is no instance type of SageMaker's real-time endpoints.",
        ),
        (
            {"EndpointConfigurations": [{"InstanceType": "ml.huge"}]},
            "Value 'ml.huge' at 'inputConfig.endpointConfigurations.1.member.instanceType' "
            "failed to satisfy constraint: Member must satisfy enum value set: [",
        ),
        (
            {"EndpointConfigurations": [{"InstanceType": "ml.c5.large"}, {}]},
            "InputConfig.EndpointConfigurations[2] needs an InstanceType.",
        ),
        (
            {"EndpointConfigurations": [{"InstanceType": "ml.c5.large"}] * 11},
            "'inputConfig.endpointConfigurations' failed to satisfy constraint: Member must have length less than or "
            "equal to 10",
        ),
        (
            {"EndpointConfigurations": ranges(("A", ["1"]), ("B", ["1"]), ("A", ["2"]))},
            "InputConfig.EndpointConfigurations[1].EnvironmentParameterRanges has A more than once.",
        ),
        (
            {"EndpointConfigurations": ranges(("A", ["1", "2", "1"]))},
            "InputConfig.EndpointConfigurations[1].EnvironmentParameterRanges has a value of A more than once.",
        ),
        (
            {"EndpointConfigurations": ranges(("A", ["1", "2", "3", "4"]))},
            "Member must have length less than or equal to 3",
        ),
        (
            {"EndpointConfigurations": ranges(*((name, ["1"]) for name in "ABCDEF"))},
            "Member must have length less than or equal to 5",
        ),
        (
            {"EndpointConfigurations": WITH_SPECIFICATION},
            f"ModelPackage {ARN}:model-package/fraud/1 has no additional inference specification named fast.",
        ),
        ({"JobDurationInSeconds": 18_001}, "JobDurationInSeconds is 18001; it can be at most 18000."),
        (
            {"ResourceLimit": {"MaxNumberOfTests": 11}},
            "InputConfig.ResourceLimit.MaxNumberOfTests is 11; it must be 1 to 10.",
        ),
        (
            {"ResourceLimit": {"MaxParallelOfTests": 100}},
            "InputConfig.ResourceLimit.MaxParallelOfTests is 100; it must be 1 to 10.",
        ),
        (
            {"ContainerConfig": {"Domain": "FINANCE"}},
            "ContainerConfig.Domain is FINANCE; it must be one of COMPUTER_VISION, NATURAL_LANGUAGE_PROCESSING, "
            "MACHINE_LEARNING, OTHER.",
        ),
        (
            {"ContainerConfig": {"Task": "classification"}},
            "ContainerConfig.Task is classification; it must be one of IMAGE_CLASSIFICATION, ",
        ),
        (
            {"ContainerConfig": {"Framework": "SKLEARN"}},
            "ContainerConfig.Framework is SKLEARN; it must be one of TENSORFLOW, PYTORCH, XGBOOST, "
            "SAGEMAKER-SCIKIT-LEARN, MXNET, OTHER.",
        ),
        (
            {"TrafficPattern": PHASES},
            "InputConfig.TrafficPattern belongs to the JobType Advanced; a Default job makes its own load.",
        ),
        (
            {"VpcConfig": {"SecurityGroupIds": ["sg-1"] * 6, "Subnets": ["subnet-1"]}},
            "at 'inputConfig.vpcConfig.securityGroupIds' failed to satisfy constraint: Member must have length less",
        ),
    ],
)
def test_inputs_that_cannot_be(rig: Rig, refused: Refused, change: dict[str, Any], message: str) -> None:
    inputs = {"ModelPackageVersionArn": rig.package(), **change}
    code, got = refused(create_job, rig=rig, inputs=inputs)
    assert code == "ValidationException"
    assert message in got
    assert rig.store.jobs() == []


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"MaxInvocations": 0}, "StoppingConditions.MaxInvocations is 0; it must be 1 to 30000."),
        ({"MaxInvocations": 30_001}, "StoppingConditions.MaxInvocations is 30001; it must be 1 to 30000."),
        (
            {"ModelLatencyThresholds": [{"Percentile": "P50", "ValueInMilliseconds": 1}]},
            "ModelLatencyThresholds.Percentile is P50; it must be P95 or P99.",
        ),
        (
            {"ModelLatencyThresholds": [{"ValueInMilliseconds": 1}]},
            "ModelLatencyThresholds.Percentile is None; it must be P95 or P99.",
        ),
        (
            {"ModelLatencyThresholds": [{"Percentile": "P95"}]},
            "ModelLatencyThresholds.ValueInMilliseconds is None; it must be 1 or more.",
        ),
        (
            {"ModelLatencyThresholds": [{"Percentile": "P99", "ValueInMilliseconds": 0}]},
            "ModelLatencyThresholds.ValueInMilliseconds is 0; it must be 1 or more.",
        ),
        (
            {"ModelLatencyThresholds": [{"Percentile": "P95", "ValueInMilliseconds": 1}] * 2},
            "Member must have length less than or equal to 1",
        ),
        ({"FlatInvocations": "Pause"}, "Member must satisfy enum value set: [Continue, Stop]"),
    ],
)
@pytest.mark.parametrize("create", [create_job, create_load_test])
def test_stopping_conditions_that_cannot_be(
    rig: Rig, refused: Refused, create: Callable[..., str], conditions: dict[str, Any], message: str
) -> None:
    code, got = refused(create, rig=rig, StoppingConditions=conditions)
    assert (code, message in got) == ("ValidationException", True)


@pytest.mark.parametrize(
    ("left_out", "message"),
    [
        ("TrafficPattern", "A job of the JobType Advanced needs InputConfig.TrafficPattern."),
        ("StoppingConditions", "A job of the JobType Advanced needs StoppingConditions."),
        (
            "EndpointConfigurations",
            "A job of the JobType Advanced needs InputConfig.EndpointConfigurations or InputConfig.Endpoints.",
        ),
    ],
)
def test_what_a_load_test_needs(rig: Rig, refused: Refused, left_out: str, message: str) -> None:
    assert refused(create_load_test, rig=rig, **{left_out: None}) == ("ValidationException", message)


def test_job_types_are_written_as_the_api_writes_them(rig: Rig, refused: Refused) -> None:
    """The developer guide's sample for the AWS CLI has ADVANCED, which the API does not know."""
    code, message = refused(create_job, rig=rig, JobType="ADVANCED")
    assert code == "ValidationException"
    assert "Value 'ADVANCED' at 'jobType' failed to satisfy constraint: Member must satisfy enum value set" in message


def test_an_additional_specification_of_the_package(rig: Rig) -> None:
    additional = [{"Name": "fast", "Containers": [{"Image": IMAGE}]}]
    package = rig.package(AdditionalInferenceSpecifications=additional)
    create_job(rig, inputs={"ModelPackageVersionArn": package, "EndpointConfigurations": WITH_SPECIFICATION})
    assert describe_job(rig)["InputConfig"]["EndpointConfigurations"] == WITH_SPECIFICATION


def test_a_model_has_no_additional_specifications(rig: Rig, refused: Refused) -> None:
    rig.model()
    inputs = {
        "ModelName": "pipeline",
        "ContainerConfig": CONTAINER_CONFIG,
        "EndpointConfigurations": WITH_SPECIFICATION,
    }
    assert refused(create_job, rig=rig, inputs=inputs) == (
        "ValidationException",
        "InputConfig.EndpointConfigurations[1] has an InferenceSpecificationName, which models do not have; packages "
        "do.",
    )


def test_measurements_are_stored_in_s3_and_nowhere_else(rig: Rig, refused: Refused) -> None:
    compiled = {"CompiledOutputConfig": {"S3OutputUri": "https://bucket/prefix"}}
    assert refused(create_job, rig=rig, OutputConfig=compiled) == (
        "ValidationException",
        "OutputConfig.CompiledOutputConfig.S3OutputUri is https://bucket/prefix; it must look like s3://bucket/prefix.",
    )


@pytest.mark.parametrize(
    ("request_", "member"),
    [
        (
            {
                "InputConfig": {
                    "EndpointConfigurations": [{"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}]
                }
            },
            "InputConfig.EndpointConfigurations.ServerlessConfig",
        ),
        (
            {"InputConfig": {"ContainerConfig": {"SupportedEndpointType": "Serverless"}}},
            "InputConfig.ContainerConfig.SupportedEndpointType Serverless",
        ),
    ],
)
def test_what_is_not_served_is_refused_by_name(
    rig: Rig, refused: Refused, request_: dict[str, Any], member: str
) -> None:
    code, message = refused(create_job, rig=rig, **request_)
    assert code == "UnsupportedOperation"
    assert message.startswith(f"The local SageMaker does not support {member} in CreateInferenceRecommendationsJob: ")


def test_what_is_kept_without_an_effect(rig: Rig) -> None:
    inputs = {
        "ModelPackageVersionArn": rig.package(),
        "VolumeKmsKeyId": "key",
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"]},
        "ContainerConfig": {"NearestModelName": "xgboost", "DataInputConfig": "{}", "FrameworkVersion": "1.7-1"},
    }
    create_job(rig, inputs=inputs, OutputConfig={"KmsKeyId": "key"})
    assert describe_job(rig)["InputConfig"] == {**inputs, "JobDurationInSeconds": 0}

"""Which code and which text for a resource that is not there, and for one that is there already."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contract.control.conftest import ROLE, Rig

Refused = Callable[..., tuple[str, str]]
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


@pytest.mark.parametrize(
    ("operation", "request_", "message"),
    [
        ("describe_model", {"ModelName": "Nope"}, f'Could not find model "{ARN}:model/nope".'),
        ("delete_model", {"ModelName": "Nope"}, f'Could not find model "{ARN}:model/nope".'),
        (
            "describe_endpoint_config",
            {"EndpointConfigName": "Nope"},
            f'Could not find endpoint configuration "{ARN}:endpoint-config/nope".',
        ),
        (
            "delete_endpoint_config",
            {"EndpointConfigName": "Nope"},
            f'Could not find endpoint configuration "{ARN}:endpoint-config/nope".',
        ),
        (
            "create_endpoint",
            {"EndpointName": "e", "EndpointConfigName": "Nope"},
            f'Could not find endpoint configuration "{ARN}:endpoint-config/nope".',
        ),
        ("describe_endpoint", {"EndpointName": "Nope"}, f'Could not find endpoint "{ARN}:endpoint/nope".'),
        ("delete_endpoint", {"EndpointName": "Nope"}, f'Could not find endpoint "{ARN}:endpoint/nope".'),
        (
            "update_endpoint",
            {"EndpointName": "Nope", "EndpointConfigName": "c"},
            f'Could not find endpoint "{ARN}:endpoint/nope".',
        ),
        (
            "describe_model_package_group",
            {"ModelPackageGroupName": "Nope"},
            f"ModelPackageGroup {ARN}:model-package-group/nope does not exist.",
        ),
        (
            "delete_model_package_group",
            {"ModelPackageGroupName": f"{ARN}:model-package-group/nope"},
            f"ModelPackageGroup {ARN}:model-package-group/nope does not exist.",
        ),
        (
            "create_model_package",
            {"ModelPackageGroupName": "Nope"},
            f"ModelPackageGroup {ARN}:model-package-group/nope does not exist.",
        ),
        (
            "list_model_packages",
            {"ModelPackageGroupName": "Nope"},
            f"ModelPackageGroup {ARN}:model-package-group/nope does not exist.",
        ),
        (
            "describe_model_package",
            {"ModelPackageName": f"{ARN}:model-package/nope/1"},
            f"ModelPackage {ARN}:model-package/nope/1 does not exist.",
        ),
        (
            "delete_model_package",
            {"ModelPackageName": "nope/1"},
            f"ModelPackage {ARN}:model-package/nope/1 does not exist.",
        ),
        (
            "update_model_package",
            {"ModelPackageArn": f"{ARN}:model-package/nope/1", "ModelApprovalStatus": "Approved"},
            f"ModelPackage {ARN}:model-package/nope/1 does not exist.",
        ),
    ],
)
def test_absent_is_a_validation_exception(
    rig: Rig, refused: Refused, operation: str, request_: dict[str, str], message: str
) -> None:
    assert refused(getattr(rig.client, operation), **request_) == ("ValidationException", message)


@pytest.mark.parametrize(
    "operation",
    [
        "describe_inference_recommendations_job",
        "stop_inference_recommendations_job",
        "list_inference_recommendations_job_steps",
    ],
)
def test_an_absent_job_is_a_modelled_resource_not_found(rig: Rig, operation: str) -> None:
    with pytest.raises(rig.client.exceptions.ResourceNotFound, match="inference-recommendations-job/nope"):
        getattr(rig.client, operation)(JobName="Nope")


def test_the_group_of_another_region_is_not_ours(rig: Rig, refused: Refused) -> None:
    rig.client.create_model_package_group(ModelPackageGroupName="g")
    other = "arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/g"
    assert refused(rig.client.describe_model_package_group, ModelPackageGroupName=other) == (
        "ValidationException",
        f"ModelPackageGroup {other} does not exist.",
    )


def test_a_duplicate_model(rig: Rig, refused: Refused) -> None:
    rig.model("Fraud")
    assert refused(rig.model, name="fraud") == (
        "ValidationException",
        f'Cannot create already existing model "{ARN}:model/fraud".',
    )


def test_a_duplicate_endpoint_config(rig: Rig, refused: Refused) -> None:
    rig.model()
    rig.config("c")
    assert refused(rig.config, name="c") == (
        "ValidationException",
        f'Cannot create already existing endpoint configuration "{ARN}:endpoint-config/c".',
    )


def test_a_duplicate_endpoint(rig: Rig, refused: Refused) -> None:
    rig.endpoint("Staging")
    assert refused(rig.endpoint, name="Staging") == (
        "ValidationException",
        f'Cannot create already existing endpoint "{ARN}:endpoint/staging".',
    )


def test_a_duplicate_model_package_group(rig: Rig, refused: Refused) -> None:
    rig.client.create_model_package_group(ModelPackageGroupName="g")
    assert refused(rig.client.create_model_package_group, ModelPackageGroupName="g") == (
        "ValidationException",
        f"Model Package Group already exists: {ARN}:model-package-group/g",
    )


def test_another_package_under_the_same_client_token_is_a_conflict(rig: Rig) -> None:
    arn = rig.package(ClientToken="token-1")
    with pytest.raises(rig.client.exceptions.ConflictException, match=f"already used to create {arn}"):
        rig.package(ClientToken="token-1", Task="REGRESSION")


def test_a_duplicate_unversioned_package(rig: Rig, refused: Refused) -> None:
    request = {
        "ModelPackageName": "plain",
        "InferenceSpecification": {
            "Containers": [{"Image": "repo/image:1"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
            "SupportedTransformInstanceTypes": ["ml.m5.large"],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
        },
    }
    rig.client.create_model_package(**request)
    assert refused(rig.client.create_model_package, **request) == (
        "ValidationException",
        f"ModelPackage already exists: {ARN}:model-package/plain",
    )


def test_a_duplicate_job_is_a_modelled_resource_in_use(rig: Rig) -> None:
    request = {
        "JobName": "bench",
        "JobType": "Default",
        "RoleArn": ROLE,
        "InputConfig": {"ModelPackageVersionArn": rig.package()},
    }
    rig.client.create_inference_recommendations_job(**request)
    with pytest.raises(rig.client.exceptions.ResourceInUse, match="inference-recommendations-job/bench"):
        rig.client.create_inference_recommendations_job(**request)

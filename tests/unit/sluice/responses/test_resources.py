from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from sluice.errors import UnexpectedAnswer
from sluice.responses.resources import (
    DeploymentOutcome,
    EndpointState,
    PackageState,
    deployment_outcome,
    endpoint_state,
    existing_version,
    package_state,
)

CONTENT = "c" * 64


def endpoint(**changes: Any) -> dict[str, Any]:
    return {
        "EndpointName": "iris",
        "EndpointArn": "arn:endpoint/iris",
        "EndpointConfigName": "config-new",
        "EndpointStatus": "InService",
        **changes,
    }


@pytest.mark.parametrize(
    ("status", "live", "outcome"),
    [
        ("InService", "config-new", DeploymentOutcome.APPLIED),
        ("InService", "config-old", DeploymentOutcome.ROLLED_BACK),
        ("InService", None, DeploymentOutcome.ROLLED_BACK),
        ("Creating", "config-new", DeploymentOutcome.IN_PROGRESS),
        ("Updating", "config-old", DeploymentOutcome.IN_PROGRESS),
        ("SystemUpdating", "config-new", DeploymentOutcome.IN_PROGRESS),
        ("RollingBack", "config-old", DeploymentOutcome.IN_PROGRESS),
        ("Failed", "config-new", DeploymentOutcome.FAILED),
        ("UpdateRollbackFailed", "config-new", DeploymentOutcome.ROLLBACK_FAILED),
        ("OutOfService", "config-new", DeploymentOutcome.FAILED),
        ("Deleting", "config-new", DeploymentOutcome.FAILED),
        ("SomethingNew", "config-new", DeploymentOutcome.FAILED),
    ],
)
def test_only_the_live_config_proves_a_deployment(status: str, live: str | None, outcome: DeploymentOutcome) -> None:
    state = endpoint_state(endpoint(EndpointStatus=status, EndpointConfigName=live))
    assert deployment_outcome(state, "config-new") is outcome


def test_every_status_of_the_service_model_has_an_outcome() -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    statuses: list[str] = model.shape_for("EndpointStatus").metadata["enum"]
    for status in statuses:
        assert deployment_outcome(EndpointState("e", "a", status, "c"), "c") in DeploymentOutcome


def test_an_update_that_runs_names_the_pending_config() -> None:
    answer = endpoint(EndpointStatus="Updating", PendingDeploymentSummary={"EndpointConfigName": "config-next"})
    state = endpoint_state(answer)
    assert (state.config, state.pending_config) == ("config-new", "config-next")
    assert endpoint_state(endpoint()).pending_config is None


@pytest.mark.parametrize("member", ["EndpointName", "EndpointArn", "EndpointStatus"])
def test_an_answer_without_what_its_api_promises_is_refused(member: str) -> None:
    answer = endpoint()
    del answer[member]
    with pytest.raises(UnexpectedAnswer, match=member):
        endpoint_state(answer)


def package(**changes: Any) -> dict[str, Any]:
    return {
        "ModelPackageArn": "arn:package/iris/3",
        "ModelPackageGroupName": "iris",
        "ModelPackageVersion": 3,
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "Approved",
        "ModelPackageDescription": f"content sha256:{CONTENT}",
        **changes,
    }


def test_a_package_from_a_list_and_from_describe() -> None:
    listed = package_state(package())
    assert listed == PackageState("arn:package/iris/3", "iris", 3, "Completed", "Approved", CONTENT)
    described = package_state(package(CustomerMetadataProperties={"sluice:evidence": "s3://b/e.json"}))
    assert described.metadata == {"sluice:evidence": "s3://b/e.json"}


def test_a_package_that_failed_says_why() -> None:
    details = {"ValidationStatuses": [{"Name": "a"}, {"Name": "b", "FailureReason": "no image"}]}
    assert package_state(package(ModelPackageStatusDetails=details)).failure_reason == "no image"


@pytest.mark.parametrize("changes", [{"ModelPackageVersion": None}, {"ModelPackageArn": ""}], ids=str)
def test_a_package_that_is_no_version_of_a_group_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer):
        package_state(package(**changes))


def test_the_newest_usable_version_with_the_same_content_is_found() -> None:
    def version(number: int, status: str = "Completed", content: str | None = CONTENT) -> PackageState:
        return PackageState(f"arn/{number}", "iris", number, status, "Rejected", content)

    packages = [
        version(1),
        version(3),
        version(2),
        version(4, "Failed"),
        version(5, "Deleting"),
        version(6, content="d" * 64),
    ]
    assert existing_version(packages, CONTENT) == version(3)
    assert existing_version(packages, "e" * 64) is None
    assert existing_version([version(7, content=None)], CONTENT) is None

"""UpdateEndpointWeightsAndCapacities, and what an update retains of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from include.sagemaker_local.lifecycle import EndpointEvent
from tests.contract.control.conftest import Rig

Refused = Callable[..., tuple[str, str]]
REGION = "us-east-1"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/staging"


def change(rig: Rig, **members: Any) -> dict[str, Any]:
    entry = {"VariantName": "AllTraffic", **members}
    answer: dict[str, Any] = rig.client.update_endpoint_weights_and_capacities(
        EndpointName="staging", DesiredWeightsAndCapacities=[entry]
    )
    return answer


def variant(rig: Rig) -> dict[str, Any]:
    (shown,) = rig.client.describe_endpoint(EndpointName="staging")["ProductionVariants"]
    del shown["DeployedImages"]
    return dict(shown)


def test_desired_and_current_differ_until_the_change_is_made(rig: Rig) -> None:
    rig.endpoint()
    rig.deployed()
    assert change(rig, DesiredInstanceCount=3, DesiredWeight=0.5)["EndpointArn"] == ARN
    assert rig.endpoint_wakes == 2
    described = rig.client.describe_endpoint(EndpointName="staging")
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("Updating", "config-1")
    assert "PendingDeploymentSummary" not in described
    shown = variant(rig)
    assert [status["Status"] for status in shown.pop("VariantStatus")] == ["Updating"]
    assert shown == {
        "VariantName": "AllTraffic",
        "CurrentWeight": 1.0,
        "DesiredWeight": 0.5,
        "CurrentInstanceCount": 1,
        "DesiredInstanceCount": 3,
    }
    rig.deployed()
    shown = variant(rig)
    assert (shown["CurrentWeight"], shown["CurrentInstanceCount"]) == (0.5, 3)
    assert "VariantStatus" not in shown


def test_the_next_update_deploys_again(rig: Rig) -> None:
    rig.endpoint()
    rig.deployed()
    change(rig, DesiredWeight=2)
    rig.deployed()
    rig.client.update_endpoint(EndpointName="staging", EndpointConfigName="config-1")
    assert "PendingDeploymentSummary" in rig.client.describe_endpoint(EndpointName="staging")


@pytest.mark.parametrize(
    ("retain", "excluded", "count", "weight"),
    [
        (False, [], 1, 1.0),
        (True, [], 3, 0.5),
        (True, ["DesiredInstanceCount"], 1, 0.5),
        (True, ["DesiredWeight", "DataCaptureConfig"], 3, 1.0),
    ],
)
def test_an_update_keeps_what_it_is_told_to_retain(
    rig: Rig, retain: bool, excluded: list[str], count: int, weight: float
) -> None:
    rig.endpoint()
    rig.deployed()
    change(rig, DesiredInstanceCount=3, DesiredWeight=0.5)
    rig.deployed()
    rig.config("config-2")
    rig.client.update_endpoint(
        EndpointName="staging",
        EndpointConfigName="config-2",
        RetainAllVariantProperties=retain,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": name} for name in excluded],
    )
    rig.deployed()
    shown = variant(rig)
    assert (shown["CurrentInstanceCount"], shown["CurrentWeight"]) == (count, weight)


def test_excluding_without_retaining_is_refused(rig: Rig, refused: Refused) -> None:
    rig.endpoint()
    rig.deployed()
    code, message = refused(
        rig.client.update_endpoint,
        EndpointName="staging",
        EndpointConfigName="config-1",
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredWeight"}],
    )
    assert (code, "needs RetainAllVariantProperties" in message) == ("ValidationException", True)


@pytest.mark.parametrize(
    ("entries", "code", "words"),
    [
        ([{"VariantName": "grey", "DesiredWeight": 1}], "ValidationException", 'The variant name(s) "grey" is/are not'),
        ([{"VariantName": "AllTraffic", "DesiredWeight": 1}] * 2, "ValidationException", "was non-unique"),
        ([{"VariantName": "AllTraffic", "DesiredWeight": 0}], "ValidationException", "weight above 0"),
        ([{"VariantName": "AllTraffic", "DesiredInstanceCount": 0}], "ValidationException", "cannot have"),
        ([{"VariantName": "AllTraffic"}], "ValidationException", "needs a DesiredWeight"),
        (
            [{"VariantName": "AllTraffic", "ServerlessUpdateConfig": {"MaxConcurrency": 1}}],
            "UnsupportedOperation",
            "ServerlessUpdateConfig",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(
    rig: Rig, refused: Refused, entries: list[dict[str, Any]], code: str, words: str
) -> None:
    rig.endpoint()
    rig.deployed()
    operation = rig.client.update_endpoint_weights_and_capacities
    refusal = refused(operation, EndpointName="staging", DesiredWeightsAndCapacities=entries)
    assert (refusal[0], words in refusal[1]) == (code, True), refusal
    assert rig.client.describe_endpoint(EndpointName="staging")["EndpointStatus"] == "InService"


def test_an_endpoint_in_progress_and_one_that_is_not_there(rig: Rig, refused: Refused) -> None:
    operation = rig.client.update_endpoint_weights_and_capacities
    request = {
        "EndpointName": "staging",
        "DesiredWeightsAndCapacities": [{"VariantName": "AllTraffic", "DesiredWeight": 1}],
    }
    assert refused(operation, **request)[1] == f'Could not find endpoint "{ARN}".'
    rig.endpoint()
    assert refused(operation, **request)[1] == f'Cannot update in-progress endpoint "{ARN}".'
    rig.store.move_endpoint(REGION, "staging", EndpointEvent.DEPLOY_FAILED)
    assert "because it is Failed" in refused(operation, **request)[1]

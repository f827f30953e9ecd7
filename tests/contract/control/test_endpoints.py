from __future__ import annotations

from collections.abc import Callable

import pytest

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.lifecycle import EndpointEvent, EndpointStatus
from tests.contract.control.conftest import IMAGE, Rig

Refused = Callable[..., tuple[str, str]]
REGION = "us-east-1"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/staging"


def test_create_writes_down_what_is_wanted_and_wakes_the_supervisor(rig: Rig) -> None:
    rig.model()
    rig.config(ContainerStartupHealthCheckTimeoutInSeconds=90, InitialVariantWeight=0.5)
    made = rig.client.create_endpoint(EndpointName="staging", EndpointConfigName="config-1")
    assert made["EndpointArn"] == ARN
    assert rig.endpoint_wakes == 1
    record = rig.store.endpoint(REGION, "staging")
    assert record is not None
    assert (record.status, record.live) == (EndpointStatus.CREATING, None)
    assert record.wanted is not None
    (variant,) = record.wanted.variants
    assert (variant.instance_type, variant.instance_count, variant.weight) == ("ml.c5.large", 1, 0.5)
    assert variant.startup_timeout_s == 90
    assert variant.containers[0] == Container("container-1", IMAGE, "s3://models/a.tar.gz", {"STAGE": "1"})


def test_describe_while_creating(rig: Rig) -> None:
    rig.endpoint()
    described = rig.client.describe_endpoint(EndpointName="staging")
    assert described["EndpointStatus"] == "Creating"
    assert described["EndpointConfigName"] == "config-1"
    assert described["PendingDeploymentSummary"]["EndpointConfigName"] == "config-1"
    (variant,) = described["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (0, 1)
    assert variant["VariantStatus"][0]["Status"] == "Creating"
    assert "FailureReason" not in described


def test_describe_in_service(rig: Rig) -> None:
    rig.endpoint()
    rig.clock.advance(30)
    rig.deployed()
    described = rig.client.describe_endpoint(EndpointName="staging")
    del described["ResponseMetadata"]
    times = (described.pop("CreationTime").timestamp(), described.pop("LastModifiedTime").timestamp())
    assert times == (rig.clock.now_s() - 30, rig.clock.now_s())
    images = described["ProductionVariants"][0].pop("DeployedImages")
    assert [image["SpecifiedImage"] for image in images] == [IMAGE, IMAGE]
    assert described == {
        "EndpointName": "staging",
        "EndpointArn": ARN,
        "EndpointConfigName": "config-1",
        "EndpointStatus": "InService",
        "ProductionVariants": [
            {
                "VariantName": "AllTraffic",
                "CurrentWeight": 1.0,
                "DesiredWeight": 1.0,
                "CurrentInstanceCount": 1,
                "DesiredInstanceCount": 1,
            }
        ],
    }


def test_an_update_shows_the_old_configuration_until_it_is_applied(rig: Rig) -> None:
    rig.endpoint()
    rig.deployed()
    rig.config("config-2", InitialInstanceCount=2)
    rig.client.update_endpoint(EndpointName="staging", EndpointConfigName="config-2")
    assert rig.endpoint_wakes == 2
    described = rig.client.describe_endpoint(EndpointName="staging")
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("Updating", "config-1")
    pending = described["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == "config-2"
    assert pending["ProductionVariants"][0]["InstanceType"] == "ml.c5.large"
    assert pending["ProductionVariants"][0]["DesiredInstanceCount"] == 2
    rig.deployed()
    described = rig.client.describe_endpoint(EndpointName="staging")
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "config-2")
    assert "PendingDeploymentSummary" not in described


def roll_back(rig: Rig, reason: str | None) -> None:
    """Do what the supervisor does when the wanted fleet does not come up."""
    rig.store.move_endpoint(REGION, "staging", EndpointEvent.DEPLOY_FAILED)
    rig.store.move_endpoint(REGION, "staging", EndpointEvent.ROLLED_BACK, wanted=None, failure_reason=reason)


def test_a_rolled_back_update_is_in_service_on_the_old_configuration(rig: Rig) -> None:
    rig.endpoint()
    rig.deployed()
    rig.config("config-2")
    rig.client.update_endpoint(EndpointName="staging", EndpointConfigName="config-2")
    roll_back(rig, "container-2 did not pass the ping health check")
    described = rig.client.describe_endpoint(EndpointName="staging")
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "config-1")
    assert described["FailureReason"] == "container-2 did not pass the ping health check"

    rig.client.update_endpoint(EndpointName="staging", EndpointConfigName="config-2")
    assert "FailureReason" not in rig.client.describe_endpoint(EndpointName="staging")


def test_the_same_configuration_may_be_deployed_again(rig: Rig) -> None:
    rig.endpoint()
    rig.deployed()
    rig.client.update_endpoint(EndpointName="staging", EndpointConfigName="config-1")
    assert rig.client.describe_endpoint(EndpointName="staging")["EndpointStatus"] == "Updating"


@pytest.mark.parametrize("operation", ["update_endpoint", "delete_endpoint"])
def test_an_endpoint_in_progress_can_neither_be_updated_nor_deleted(rig: Rig, refused: Refused, operation: str) -> None:
    rig.endpoint()
    request = {"EndpointName": "staging"}
    if operation == "update_endpoint":
        request["EndpointConfigName"] = "config-1"
    in_progress = ("ValidationException", f'Cannot update in-progress endpoint "{ARN}".')
    assert refused(getattr(rig.client, operation), **request) == in_progress
    rig.deployed()
    rig.client.delete_endpoint(EndpointName="staging")
    assert refused(getattr(rig.client, operation), **request) == in_progress  # Deleting is in progress too


def test_a_failed_endpoint_can_only_be_deleted(rig: Rig, refused: Refused) -> None:
    rig.endpoint()
    rig.store.move_endpoint(REGION, "staging", EndpointEvent.DEPLOY_FAILED, failure_reason="no ping")
    described = rig.client.describe_endpoint(EndpointName="staging")
    assert (described["EndpointStatus"], described["FailureReason"]) == ("Failed", "no ping")
    assert described["EndpointConfigName"] == "config-1"
    assert "ProductionVariants" not in described
    code, message = refused(rig.client.update_endpoint, EndpointName="staging", EndpointConfigName="config-1")
    assert (code, "because it is Failed" in message) == ("ValidationException", True)
    rig.client.delete_endpoint(EndpointName="staging")
    assert rig.client.describe_endpoint(EndpointName="staging")["EndpointStatus"] == "Deleting"


def test_delete_wakes_the_supervisor_which_removes_it(rig: Rig, refused: Refused) -> None:
    rig.endpoint()
    rig.deployed()
    rig.client.delete_endpoint(EndpointName="staging")
    assert rig.endpoint_wakes == 2
    rig.store.remove_endpoint(REGION, "staging")
    assert refused(rig.client.describe_endpoint, EndpointName="staging")[1] == f'Could not find endpoint "{ARN}".'


def test_an_endpoint_carries_its_own_copy_of_configuration_and_model(rig: Rig) -> None:
    rig.endpoint()
    rig.deployed()
    rig.client.delete_endpoint_config(EndpointConfigName="config-1")
    rig.client.delete_model(ModelName="pipeline")
    assert rig.client.describe_endpoint(EndpointName="staging")["EndpointConfigName"] == "config-1"


def test_a_model_deleted_under_its_configuration(rig: Rig, refused: Refused) -> None:
    rig.model()
    rig.config()
    rig.client.delete_model(ModelName="pipeline")
    assert refused(rig.client.create_endpoint, EndpointName="staging", EndpointConfigName="config-1") == (
        "ValidationException",
        'Could not find model "arn:aws:sagemaker:us-east-1:123456789012:model/pipeline".',
    )
    assert rig.endpoint_wakes == 0


def test_list_by_status(rig: Rig) -> None:
    rig.endpoint("one")
    rig.clock.advance(1)
    rig.endpoint("two")
    rig.deployed("one")
    everything = rig.client.list_endpoints()["Endpoints"]
    assert [(item["EndpointName"], item["EndpointStatus"]) for item in everything] == [
        ("two", "Creating"),
        ("one", "InService"),
    ]
    serving = rig.client.list_endpoints(StatusEquals="InService")["Endpoints"]
    assert [item["EndpointName"] for item in serving] == ["one"]
    by_status = rig.client.list_endpoints(SortBy="Status", SortOrder="Descending", MaxResults=1)
    assert [item["EndpointName"] for item in by_status["Endpoints"]] == ["one"]
    rest = rig.client.list_endpoints(SortBy="Status", SortOrder="Descending", NextToken=by_status["NextToken"])
    assert [item["EndpointName"] for item in rest["Endpoints"]] == ["two"]
    assert "NextToken" not in rest


def test_the_in_service_waiter_is_satisfied(rig: Rig) -> None:
    rig.endpoint()
    rig.deployed()
    rig.client.get_waiter("endpoint_in_service").wait(EndpointName="staging", WaiterConfig={"MaxAttempts": 1})


def test_the_deleted_waiter_is_satisfied_by_an_endpoint_that_is_gone(rig: Rig) -> None:
    rig.client.get_waiter("endpoint_deleted").wait(EndpointName="gone", WaiterConfig={"MaxAttempts": 1})

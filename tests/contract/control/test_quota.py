"""The quota of instances: 20 of a type in a region."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from include.sagemaker_local.lifecycle import EndpointEvent
from tests.contract.control.conftest import Rig

Refused = Callable[..., tuple[str, str]]


def exceeded(used: int, delta: int) -> str:
    return (
        "The account-level service limit 'ml.c5.large for endpoint usage' is 20 Instances, with current utilization of "
        f"{used} Instances and a request delta of {delta} Instances. "
    )


def with_instances(rig: Rig, *counts: int) -> None:
    """A config for each of the numbers, called after it."""
    rig.model()
    for count in counts:
        rig.config(f"of-{count}", InitialInstanceCount=count)


def test_a_create_beyond_the_quota_is_refused_in_the_words_of_aws(rig: Rig, refused: Refused) -> None:
    with_instances(rig, 15, 21, 6, 5)
    create = rig.client.create_endpoint
    code, message = refused(create, EndpointName="one", EndpointConfigName="of-21")
    assert (code, message.startswith(exceeded(0, 21)), "--max-instances" in message) == (
        "ResourceLimitExceeded",
        True,
        True,
    )
    create(EndpointName="one", EndpointConfigName="of-15")
    assert refused(create, EndpointName="two", EndpointConfigName="of-6")[1].startswith(exceeded(15, 6))
    create(EndpointName="two", EndpointConfigName="of-5")
    assert {one["EndpointName"] for one in rig.client.list_endpoints()["Endpoints"]} == {"one", "two"}


def test_types_and_regions_have_quotas_of_their_own_and_what_failed_or_ends_takes_nothing(rig: Rig) -> None:
    with_instances(rig, 20)
    rig.config("other", InitialInstanceCount=20, InstanceType="ml.m5.large")
    for name in ("one", "two"):
        rig.client.create_endpoint(EndpointName=name, EndpointConfigName="of-20")
        rig.store.move_endpoint("us-east-1", name, EndpointEvent.DEPLOY_FAILED)
    rig.client.create_endpoint(EndpointName="three", EndpointConfigName="of-20")
    rig.client.create_endpoint(EndpointName="four", EndpointConfigName="other")


@pytest.mark.parametrize("operation", ["update", "capacities"])
def test_a_change_is_counted_by_what_it_adds(rig: Rig, refused: Refused, operation: str) -> None:
    with_instances(rig, 4, 12, 16, 17)
    rig.client.create_endpoint(EndpointName="rest", EndpointConfigName="of-4")
    rig.client.create_endpoint(EndpointName="staging", EndpointConfigName="of-12")
    rig.deployed()

    def request(count: int) -> dict[str, object]:
        if operation == "update":
            return {"EndpointName": "staging", "EndpointConfigName": f"of-{count}"}
        entry = {"VariantName": "AllTraffic", "DesiredInstanceCount": count}
        return {"EndpointName": "staging", "DesiredWeightsAndCapacities": [entry]}

    name = "update_endpoint" if operation == "update" else "update_endpoint_weights_and_capacities"
    change = getattr(rig.client, name)
    assert refused(change, **request(17))[1].startswith(exceeded(16, 5))
    change(**request(16))
    rig.deployed()
    change(**request(12))

"""200 requests a second while an endpoint is updated in every way there is: none of them is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.aws_server import client
from tests.fakes.server_process import server_process
from tests.fakes.steady_load import SteadyLoad
from tests.never_lost.conftest import (
    BRISK,
    baking,
    described,
    guardrails,
    make_alarm,
    make_configs,
    says,
    set_alarm,
    status,
    wait_until,
)

pytestmark = pytest.mark.never_lost

KINDS = ["ALL_AT_ONCE", "CANARY", "LINEAR", "ROLLING"]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose endpoint `e` serves config `blue` on two instances."""
    data_dir: Path = tmp_path_factory.mktemp("load") / "data"
    with server_process(data_dir, "--time-scale", "0.01") as server:
        make_configs(server.url, 2, blue=says("blue", BRISK), green=says("green", BRISK))
        make_alarm(server.url)
        client("sagemaker", server.url).create_endpoint(EndpointName="e", EndpointConfigName="blue")
        at_rest(server.url)
        yield server.url


def at_rest(url: str) -> None:
    wait_until(lambda: status(url) == "InService", "the endpoint serves")


def other(url: str) -> tuple[str, str]:
    """The config that serves, and the one that does not."""
    serving = described(url)["EndpointConfigName"]
    return serving, "green" if serving == "blue" else "blue"


def update(url: str, config: str, kind: str, wait_s: int) -> None:
    deployment = guardrails(kind, wait_s)
    client("sagemaker", url).update_endpoint(EndpointName="e", EndpointConfigName=config, DeploymentConfig=deployment)


def began(load: SteadyLoad) -> None:
    wait_until(lambda: load.answered or load.lost, "the first answer")


@pytest.mark.parametrize("kind", KINDS)
def test_a_deployment_that_goes_well(url: str, kind: str) -> None:
    old, new = other(url)
    with SteadyLoad(url) as load:
        began(load)
        update(url, new, kind, 100)
        at_rest(url)
    assert described(url)["EndpointConfigName"] == new
    assert load.lost == []
    assert load.answers.keys() == {f"{old} x".encode(), f"{new} x".encode()}
    assert load.answered > 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_deployment_that_an_alarm_ends(url: str, kind: str) -> None:
    old, new = other(url)
    with SteadyLoad(url) as load:
        began(load)
        update(url, new, kind, 1000)
        wait_until(lambda: baking(url), "it bakes")
        wait_until(lambda: f"{new} x".encode() in load.answers, "the new config answers")
        set_alarm(url, "ALARM")
        at_rest(url)
        set_alarm(url, "OK")
    assert described(url)["EndpointConfigName"] == old
    assert load.lost == []
    assert load.answers.keys() == {f"{old} x".encode(), f"{new} x".encode()}


def test_a_rolling_deployment_that_goes_back_after_old_instances_have_ended(url: str) -> None:
    old, new = other(url)
    with SteadyLoad(url) as load:
        began(load)
        update(url, new, "ROLLING", 500)
        wait_until(lambda: described(url)["ProductionVariants"][0]["CurrentInstanceCount"] == 1, "one has ended")
        set_alarm(url, "ALARM")
        at_rest(url)
        set_alarm(url, "OK")
    assert (described(url)["EndpointConfigName"], load.lost) == (old, [])
    (variant,) = described(url)["ProductionVariants"]
    assert variant["CurrentInstanceCount"] == 2


def test_instances_that_come_and_go(url: str) -> None:
    with SteadyLoad(url) as load:
        began(load)
        for count in (3, 1, 2):
            change = [{"VariantName": "AllTraffic", "DesiredInstanceCount": count, "DesiredWeight": count}]
            client("sagemaker", url).update_endpoint_weights_and_capacities(
                EndpointName="e", DesiredWeightsAndCapacities=change
            )
            at_rest(url)
            assert described(url)["ProductionVariants"][0]["CurrentInstanceCount"] == count
    assert load.lost == []
    assert load.answered > 200

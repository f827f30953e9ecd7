"""The one trigger: what it looks at, what it looks past, and what it stops."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import EndpointConnectionError
from sluice.refusals.errors import ServiceBusy
from sluice.triggers import WorkEnded
from sluice.waiting.polling import Pace
from sluice.waiting.remote_work import CALLS, JOBS, Kind, Wait

from tests.fakes.sagemaker_api import FakeAws, refusal
from tests.fakes.triggerer import EPOCH_S, PassingTime, as_in_the_triggerer, fire

SERVICE = botocore.session.get_session().get_service_model("sagemaker")
CONNECTION: dict[str, Any] = {
    "aws_conn_id": "other",
    "region_name": "eu-west-1",
    "verify": False,
    "botocore_config": {"read_timeout": 5},
}
MOVING = {
    Kind.ENDPOINT: {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"},
    Kind.PACKAGE: {"Pending", "InProgress"},
    Kind.RECOMMENDATION_JOB: {"PENDING", "IN_PROGRESS", "STOPPING", "DELETING"},
    Kind.TRANSFORM_JOB: {"InProgress", "Stopping"},
}
STATUS = {
    Kind.ENDPOINT: ("EndpointStatus", "EndpointStatus"),
    Kind.PACKAGE: ("ModelPackageStatus", "ModelPackageStatus"),
    Kind.RECOMMENDATION_JOB: ("Status", "RecommendationJobStatus"),
    Kind.TRANSFORM_JOB: ("TransformJobStatus", "TransformJobStatus"),
}
NAMED: dict[Kind, dict[str, Any]] = {
    Kind.ENDPOINT: {"EndpointName": "x", "EndpointArn": "arn"},
    Kind.PACKAGE: {"ModelPackageArn": "arn", "ModelPackageGroupName": "g", "ModelPackageVersion": 1},
    Kind.RECOMMENDATION_JOB: {"JobName": "x", "JobArn": "arn"},
    Kind.TRANSFORM_JOB: {
        "TransformJobName": "x",
        "TransformJobArn": "arn",
        "TransformOutput": {"S3OutputPath": "s3://models/out"},
    },
}


def a_trigger(kind: Kind = Kind.RECOMMENDATION_JOB, timeout_s: float = 60, **connection: Any) -> WorkEnded:
    pace = Pace(expected_s=30, timeout_s=timeout_s, least_s=5)
    return WorkEnded.of(Wait(kind=kind, name="x", since=EPOCH_S, pace=pace), connection)


class Answering:
    """AWS that gives these answers, one a look, and the last one for ever. `asked` are the calls."""

    def __init__(self, kind: Kind, *answers: Any) -> None:
        self.asked: list[str] = []
        self._kind = kind
        self._answers = list(answers)

    def settle(self) -> None:
        """Nothing settles by itself here."""

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            assert request == {CALLS[self._kind].member: "x"}
            self.asked.append(operation)
            if not operation.startswith("describe"):
                return {}
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            if isinstance(answer, Exception):
                raise answer
            return {**NAMED[self._kind], STATUS[self._kind][0]: answer}

        return call


def watched(kind: Kind, *answers: Any, timeout_s: float = 60) -> tuple[Any, PassingTime]:
    aws: Any = Answering(kind, *answers)
    time = PassingTime(aws)
    return fire(a_trigger(kind, timeout_s), aws, time), time


@pytest.mark.parametrize("kind", list(Kind))
def test_every_status_of_the_service_either_goes_on_or_ends_the_wait(kind: Kind) -> None:
    for status in SERVICE.shape_for(STATUS[kind][1]).enum:
        event, _ = watched(kind, status)
        assert event["how"] == ("out of time" if status in MOVING[kind] else "ended"), status


@pytest.mark.parametrize("kind", list(Kind))
def test_the_calls_are_the_services_own(kind: Kind) -> None:
    own = {"".join(part.capitalize() for part in CALLS[kind].describe.split("_"))}
    if kind in JOBS:
        own |= {"".join(part.capitalize() for part in each.split("_")) for each in (JOBS[kind].create, JOBS[kind].stop)}
        assert JOBS[kind].running <= MOVING[kind]
    assert own <= set(SERVICE.operation_names)
    for operation in own:
        if not operation.startswith("Create"):
            assert CALLS[kind].member in SERVICE.operation_model(operation).input_shape.members


@pytest.mark.parametrize("kind", list(Kind))
def test_a_trigger_survives_the_way_to_the_triggerer(kind: Kind) -> None:
    trigger = a_trigger(kind, **CONNECTION)
    there = as_in_the_triggerer(trigger, FakeAws(), PassingTime(FakeAws()))
    assert there.serialize() == trigger.serialize()
    assert there.wait == trigger.wait


def connect(monkeypatch: pytest.MonkeyPatch, login: str = "local") -> None:
    said = {"conn_type": "aws", "login": login, "password": "local", "extra": {"endpoint_url": "http://127.0.0.1:9"}}
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps(said))


def test_the_client_has_the_operators_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch)

    async def opened() -> Any:
        async with await a_trigger(**CONNECTION).open_client() as client:
            return client

    client = asyncio.run(opened())
    assert (client.meta.endpoint_url, client.meta.region_name) == ("http://127.0.0.1:9", "eu-west-1")
    assert (client.meta.config.read_timeout, client._endpoint.http_session._verify) == (5, False)


def test_waits_on_the_same_connection_share_one_client_until_it_says_something_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def case() -> None:
        connect(monkeypatch)
        first, second = a_trigger(**CONNECTION), a_trigger(Kind.ENDPOINT, **CONNECTION)
        async with await first.open_client() as one, await second.open_client() as same:
            assert one is same
            async with await a_trigger(**{**CONNECTION, "region_name": "us-east-1"}).open_client() as elsewhere:
                assert elsewhere is not one
            connect(monkeypatch, login="another")
            async with await second.open_client() as renewed:
                assert renewed is not one

    asyncio.run(case())


def test_what_is_gone_is_over() -> None:
    event, _ = watched(
        Kind.ENDPOINT, refusal("DescribeEndpoint", "ValidationException", 'Could not find endpoint "x".')
    )
    assert event["how"] == "ended" and "not there any more" in event["message"]


THROTTLED = refusal("Describe", "ThrottlingException", "Rate exceeded")
AWAY = EndpointConnectionError(endpoint_url="https://api.sagemaker.eu-west-1.amazonaws.com")


def test_throttling_and_lost_connections_are_looked_past_with_shorter_and_then_longer_pauses() -> None:
    event, time = watched(Kind.TRANSFORM_JOB, THROTTLED, AWAY, THROTTLED, "InProgress", "Completed", timeout_s=500)
    assert event["how"] == "ended" and event["looks"] == 5
    assert time.slept == [5, 5, 5, 5, 5]
    event, time = watched(Kind.TRANSFORM_JOB, AWAY, timeout_s=5000)
    assert event["how"] == "out of time"
    assert max(time.slept) > 50, "a service that is away for long is not asked every few seconds"


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException", "ExpiredTokenException"])
def test_a_refusal_that_stays_ends_the_wait_and_says_so(code: str) -> None:
    event, _ = watched(Kind.ENDPOINT, refusal("DescribeEndpoint", code, "no"))
    assert event["how"] == "refused" and code in event["message"] and event["looks"] == 1


def test_an_answer_without_what_the_api_promises_ends_the_wait() -> None:
    event, _ = watched(Kind.ENDPOINT, "")
    assert event["how"] == "refused" and "EndpointStatus" in event["message"]


def test_a_triggerer_that_takes_over_goes_on_at_the_same_place() -> None:
    aws: Any = Answering(Kind.RECOMMENDATION_JOB, "IN_PROGRESS")
    time = PassingTime(aws)
    time.sleep(58)
    assert fire(a_trigger(), aws, time)["how"] == "out of time"
    assert time.slept == [58, 2] and len(aws.asked) == 1


def killed(kind: Kind, *answers: Any) -> tuple[list[str], list[float]]:
    aws: Any = Answering(kind, *answers)
    time = PassingTime(aws)
    asyncio.run(as_in_the_triggerer(a_trigger(kind), aws, time).on_kill())
    return [each for each in aws.asked if each.startswith("stop")], time.slept


@pytest.mark.parametrize("kind", list(JOBS))
def test_killing_the_wait_stops_a_running_job_only(kind: Kind) -> None:
    for status in SERVICE.shape_for(STATUS[kind][1]).enum:
        stopped, _ = killed(kind, status)
        assert stopped == ([JOBS[kind].stop] if status in JOBS[kind].running else []), status


def test_killing_a_wait_for_an_endpoint_asks_aws_for_nothing() -> None:
    assert killed(Kind.ENDPOINT, "Updating") == ([], [])


def test_a_stop_that_is_throttled_is_tried_again_within_the_time_that_airflow_gives() -> None:
    stopped, slept = killed(Kind.RECOMMENDATION_JOB, THROTTLED, AWAY, "IN_PROGRESS")
    assert stopped == ["stop_inference_recommendations_job"] and slept == [1, 2]
    in_vain: Any = Answering(Kind.RECOMMENDATION_JOB, THROTTLED)
    time = PassingTime(in_vain)
    with pytest.raises(ServiceBusy):
        asyncio.run(as_in_the_triggerer(a_trigger(), in_vain, time).on_kill())
    assert 0 < sum(time.slept) < 30

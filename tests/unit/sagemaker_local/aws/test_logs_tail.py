"""Container logs as `aws logs tail` of the AWS CLI (version 2) reads them: its requests, made by boto3."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.sagemaker_local.aws.logs import MAX_EVENTS_PER_STREAM, MotoLogs
from tests.fakes.aws_server import ACCOUNT, aws_server, client

REGION = "eu-west-1"
GROUP = "/aws/sagemaker/Endpoints/e"
STREAMS = ("AllTraffic/i-0/featurize", "AllTraffic/i-0/label", "Shadow/i-1")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with aws_server(tmp_path_factory.mktemp("aws")) as served:
        sink = MotoLogs(ACCOUNT)
        for stream in STREAMS:
            sink.publish(REGION, GROUP, stream, [f"{stream} line {number}" for number in range(3)])
        yield served


def tail(url: str, **options: Any) -> list[dict[str, Any]]:
    """What `aws logs tail <group> --since 10m` prints: all pages of this one operation."""
    asked = {"logGroupName": GROUP, "interleaved": True, "startTime": int((time.time() - 600) * 1000), **options}
    pages = client("logs", url, region=REGION).get_paginator("filter_log_events").paginate(**asked)
    return [event for page in pages for event in page["events"]]


def streams_of(events: list[dict[str, Any]]) -> dict[str, int]:
    return dict(Counter(event["logStreamName"] for event in events))


def test_all_streams_of_an_endpoint_oldest_first(url: str) -> None:
    events = tail(url)
    assert streams_of(events) == dict.fromkeys(STREAMS, 3)
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)
    assert all({"eventId", "ingestionTime", "message"} <= event.keys() for event in events)
    assert [event["message"][-1] for event in events if event["logStreamName"] == STREAMS[0]] == ["0", "1", "2"]


def test_streams_by_prefix_and_by_name(url: str) -> None:
    assert streams_of(tail(url, logStreamNamePrefix="AllTraffic/")) == dict.fromkeys(STREAMS[:2], 3)
    assert tail(url, logStreamNamePrefix="Nobody/") == []
    assert streams_of(tail(url, logStreamNames=[STREAMS[2]])) == {STREAMS[2]: 3}
    with pytest.raises(ClientError, match="cannot be given together"):
        tail(url, logStreamNames=[STREAMS[2]], logStreamNamePrefix="AllTraffic/")


def test_filter_patterns(url: str) -> None:
    assert len(tail(url, filterPattern="label")) == 3
    assert len(tail(url, filterPattern='"line 2"')) == 3
    for pattern in ("{ $.level = ERROR }", "?ERROR ?WARN", "line -featurize", "404"):
        with pytest.raises(ClientError, match="no filter pattern like"):
            tail(url, filterPattern=pattern)


def test_a_group_by_its_arn_and_one_that_is_not_there(url: str) -> None:
    logs = client("logs", url, region=REGION)
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}"
    assert len(logs.filter_log_events(logGroupIdentifier=arn)["events"]) == 9
    for options in ({}, {"logStreamNamePrefix": "AllTraffic/"}):
        with pytest.raises(ClientError, match="log group does not exist"):
            tail(url, **{"logGroupName": f"{GROUP}-that-is-not-there", **options})


def test_following_shows_each_event_once(url: str) -> None:
    """`--follow` asks again from the newest timestamp that it has seen and leaves out the event ids that it knows."""
    logs, sink, group = client("logs", url, region=REGION), MotoLogs(ACCOUNT), f"{GROUP}-followed"
    seen: list[str] = []
    known: set[str] = set()
    asked: dict[str, Any] = {"logGroupName": group, "interleaved": True, "startTime": 0}
    for number in range(3):
        sink.publish(REGION, group, "AllTraffic/i-0", [f"{number}a", f"{number}b"])
        answer = logs.filter_log_events(**asked)
        assert "nextToken" not in answer
        new = [event for event in answer["events"] if event["eventId"] not in known]
        known |= {event["eventId"] for event in new}
        seen += [event["message"] for event in new]
        asked["startTime"] = max(event["timestamp"] for event in answer["events"])
    assert seen == ["0a", "0b", "1a", "1b", "2a", "2b"]


def test_more_than_a_page(url: str) -> None:
    group = f"{GROUP}-long"
    for stream in ("AllTraffic/i-0", "AllTraffic/i-1"):
        MotoLogs(ACCOUNT).publish(REGION, group, stream, [str(number) for number in range(MAX_EVENTS_PER_STREAM)])
    messages = [event["message"] for event in tail(url, logGroupName=group)]
    assert Counter(messages) == dict.fromkeys(map(str, range(MAX_EVENTS_PER_STREAM)), 2)

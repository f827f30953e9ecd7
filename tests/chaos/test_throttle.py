"""That every tenth call is refused, and in words that AWS's own SDK takes for AWS's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.chaos.throttle import Throttle, refusal
from tests.chaos.turnpike import Turnpike, turnpike
from tests.fakes.aws_server import client

NOBODY = "http://127.0.0.1:9"


def refused(throttle: Throttle, operation: str, calls: int) -> list[int]:
    """Which of so many calls are, counted from one."""
    return [number for number in range(1, calls + 1) if throttle.refuses(operation)]


def test_every_tenth_call_is_refused_whatever_it_is() -> None:
    throttle = Throttle(bursts=False)
    operations = ("CreateModel", "DescribeEndpoint", "GetObject")
    assert [n for n in range(1, 36) if throttle.refuses(operations[n % 3])] == [10, 20, 30]
    assert str(throttle) == "3 of 35 calls refused"


def test_a_burst_is_as_long_as_the_client_tries() -> None:
    throttle = Throttle(bursts=True)
    assert refused(throttle, "CreateEndpoint", 8) == [1, 2, 3, 4, 5]
    assert refused(throttle, "InvokeEndpoint", 4) == [1, 2]  # the second is the tenth of all
    assert refused(throttle, "DescribeEndpoint", 8) == [8]


@pytest.fixture(scope="module")
def gate() -> Iterator[Turnpike]:
    with turnpike(NOBODY, lambda call, moment: True, lambda call: refusal(call.operation)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("service", "method", "arguments", "said"),
    [
        ("sagemaker", "describe_endpoint", {"EndpointName": "a"}, (400, "ThrottlingException", "Rate exceeded")),
        ("sagemaker-runtime", "invoke_endpoint", {"EndpointName": "a", "Body": ""}, (400, "ThrottlingException", None)),
        ("s3", "get_object", {"Bucket": "a", "Key": "b"}, (503, "SlowDown", "Please reduce your request rate.")),
        ("s3", "head_bucket", {"Bucket": "a"}, (503, "503", "Service Unavailable")),
    ],
)
def test_the_sdk_reads_it_as_aws_says_it(
    gate: Turnpike, service: str, method: str, arguments: dict[str, object], said: tuple[int, str, str | None]
) -> None:
    with pytest.raises(ClientError) as error:
        getattr(client(service, gate.url), method)(**arguments)
    answer = error.value.response
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]) == said

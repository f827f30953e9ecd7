from __future__ import annotations

import pytest

from include.sagemaker_local.http1.errors import ConnectionFailed, HttpError, ProtocolError, RequestTimeout
from include.sagemaker_local.http1.messages import Response
from include.sagemaker_local.load.answers import answer_of, answer_of_error, container_latencies
from include.sagemaker_local.load.recorder import Answer
from include.sagemaker_local.load.stage import Failure


def test_a_success_carries_its_containers_latencies() -> None:
    response = Response(200, [(b"x-local-container-latency-us", b"featurize=1210,predict=812,label=640")])

    assert answer_of(response, 3_000) == Answer(3_000, containers_us={"featurize": 1_210, "predict": 812, "label": 640})


@pytest.mark.parametrize("header", [None, b"", b"featurize", b"featurize=", b"=3", b"a=1,b=x", b"a=-1"])
def test_a_missing_or_malformed_header_gives_no_latencies(header: bytes | None) -> None:
    assert container_latencies(header) == {}


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (400, Failure.CLIENT_ERROR),
        (429, Failure.CLIENT_ERROR),
        (424, Failure.SERVER_ERROR),  # a container's error, whatever its own status was
        (500, Failure.SERVER_ERROR),
        (503, Failure.SERVER_ERROR),
        (530, Failure.SERVER_ERROR),
        (302, Failure.SERVER_ERROR),
    ],
)
def test_error_statuses_fall_into_classes(status: int, failure: Failure) -> None:
    assert answer_of(Response(status), 1).failure is failure


def test_a_failure_says_in_one_short_line_what_came_back() -> None:
    answer = answer_of(Response(424, body=b'{"Message":\n "it broke"}' + b"x" * 5_000), 1)

    assert answer.detail is not None
    assert answer.detail.startswith('HTTP 424 {"Message": "it broke"}xxx')
    assert len(answer.detail) == 300


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (RequestTimeout("late"), Failure.TIMEOUT),
        (ConnectionFailed("refused"), Failure.CONNECTION),
        (ProtocolError("not HTTP"), Failure.CONNECTION),
    ],
)
def test_requests_without_an_answer_fall_into_classes(error: HttpError, failure: Failure) -> None:
    assert answer_of_error(error, 7) == Answer(7, failure, str(error))

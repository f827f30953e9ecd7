from __future__ import annotations

import pytest

from include.sagemaker_local.http1.errors import ConnectionFailed, HttpError, ProtocolError, RequestTimeout
from include.sagemaker_local.load.answers import Answer, answer_of_error, container_latencies, failed_answer
from include.sagemaker_local.load.stage import Failure


def test_the_header_says_how_long_each_container_took() -> None:
    header = b"featurize=1210,predict=812, label=640"

    assert container_latencies(header) == {"featurize": 1_210, "predict": 812, "label": 640}


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
    assert failed_answer(status, b"", 1).failure is failure


def test_a_failure_says_in_one_short_line_what_came_back() -> None:
    answer = failed_answer(424, b'{"Message":\n "it broke"}' + b"x" * 5_000, 1)

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

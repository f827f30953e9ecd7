from __future__ import annotations

import pytest
from sluice.responses.log_tail import LogStream, lines_each, newest_per_container


def test_the_newest_stream_of_each_container() -> None:
    streams = [
        LogStream("AllTraffic/i-2/predict", 21),
        LogStream("AllTraffic/i-1/predict", 11),
        LogStream("AllTraffic/i-1/featurize", 10),
        LogStream("AllTraffic/i-2/featurize", 20),
    ]
    assert [stream.name for stream in newest_per_container(streams)] == [
        "AllTraffic/i-2/featurize",
        "AllTraffic/i-2/predict",
    ]


def test_an_item_of_the_answer() -> None:
    assert LogStream.of({"logStreamName": "v/i/c", "creationTime": 5}) == LogStream("v/i/c", 5)
    assert LogStream.of({"logStreamName": "v/i/c"}).container == "c"


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (None, {"featurize": 6, "predict": 6, "predict-2": 6}),
        ("The predict container did not pass the ping health check.", {"predict": 20}),
        ("The featurize, predict-2 containers did not pass.", {"featurize": 10, "predict-2": 10}),
        ("prediction failed", {"featurize": 6, "predict": 6, "predict-2": 6}),
    ],
)
def test_the_container_that_is_named_gets_the_lines(reason: str | None, expected: dict[str, int]) -> None:
    assert lines_each(["featurize", "predict", "predict-2"], reason, 20) == expected


def test_every_container_gets_a_line() -> None:
    assert set(lines_each([f"container-{number}" for number in range(15)], None, 10).values()) == {1}

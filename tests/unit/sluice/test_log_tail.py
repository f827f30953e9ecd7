from __future__ import annotations

from sluice.log_tail import LogStream, newest_per_container


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

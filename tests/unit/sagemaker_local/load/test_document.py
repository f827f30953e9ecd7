"""The result document: what is written is read back, and what is something else is refused with a reason."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local import __version__
from include.sagemaker_local.load.document import (
    SCHEMA,
    LoadTest,
    NotALoadTest,
    latency_document,
    read_document,
    to_bytes,
    to_document,
)
from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.threshold import Judged
from tests.fakes.load_tests import latencies, nothing_answered, ramp, steady


@pytest.mark.parametrize(
    "test",
    [
        ramp(),
        steady(),
        nothing_answered(),
        replace(ramp(), stages=(), telling=None),
        replace(steady(), interrupted=True, thresholds=(Judged("p95>1ms", None, "ms", True),)),
    ],
)
def test_it_is_read_back_as_it_was_written(test: LoadTest) -> None:
    assert read_document(to_bytes(test)) == test


def test_it_holds_what_readers_without_a_histogram_want() -> None:
    document = to_document(ramp())

    assert document["schema"] == SCHEMA == "sagemaker-local.load-test/1"
    assert document["tool"] == {"name": "sagemaker-local", "version": __version__}
    assert (document["started_at"], document["ended_at"]) == (
        "2023-11-14T22:13:20.250+00:00",
        "2023-11-14T22:13:30.250+00:00",
    )
    stage = document["stages"][document["telling"]]
    assert (stage["users"], stage["per_second"], stage["latency"]["count"]) == (4, 400.0, 800)
    assert stage["latency"]["mean_ms"] == 12.0
    assert stage["latency"]["p50_ms"] == pytest.approx(10, rel=0.004)
    assert stage["latency"]["p95_ms"] == pytest.approx(30, rel=0.004)
    assert list(stage["container_latency"]) == ["featurize", "predict"]
    assert document["timeline"][0]["p50_ms"] == pytest.approx(10, rel=0.004)


def test_histograms_of_two_documents_can_be_merged() -> None:
    read = [Histogram.from_json(latency_document(latencies(each))["histogram"]) for each in (1, 3)]

    assert read[0].merge(read[1]) == latencies(1, 3)


def test_no_latencies_are_no_figures() -> None:
    assert latency_document(Histogram()) == {"count": 0, "histogram": Histogram().to_json()}


def changed(**members: Any) -> bytes:
    return json.dumps({**to_document(ramp()), **members}).encode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "its schema is None"),
        (
            changed(schema="sagemaker-local.load-test/2"),
            "its schema is 'sagemaker-local.load-test/2', and this version",
        ),
        (changed(stages=[{}]), "does not hold what its schema says"),
        (changed(telling=5), "there is no stage 5"),
        (changed(timeline=[{"what": 1}]), "does not hold what its schema says"),
        (changed(started_at="yesterday"), "does not hold what its schema says"),
    ],
)
def test_what_is_something_else_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(NotALoadTest, match=reason):
        read_document(body)


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text())
    assert project["project"]["version"] == __version__

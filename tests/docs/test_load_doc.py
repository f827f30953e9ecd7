"""docs/load.md lists every member of the result document, and no other."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from include.sagemaker_local.cli.load_arguments import add_arguments
from include.sagemaker_local.load.document import latency_document, to_document
from include.sagemaker_local.load.histogram import Histogram
from include.sagemaker_local.load.threshold import Judged
from tests.fakes.load_tests import latencies, ramp

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "load.md"

# What the text below the table describes, or what is the writer's own.
WHOLE = {
    "target",
    "course",
    "warnings",
    "failures",
    "failed_statuses",
    "latency",
    "model_latency",
    "service_latency",
    "container_latency",
    "marks",
}


def members(document: Any, path: str = "") -> Iterator[str]:
    if isinstance(document, dict) and path.rpartition(".")[2] not in WHOLE:
        for name, value in document.items():
            yield from members(value, f"{path}.{name}" if path else name)
    elif isinstance(document, list) and document and path not in WHOLE:
        yield from members(document[-1], f"{path}[]")
    else:
        yield path


def test_every_member_is_explained_and_no_other() -> None:
    text = DOCUMENT.read_text(encoding="utf-8").partition("## The result document")[2]
    rows = re.findall(r"^\| (`.*?) \|", text, re.M)
    explained = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert explained | {"schema"} == set(
        members(to_document(replace(ramp(), thresholds=(Judged("p50>1ms", 10.0, "ms", True),))))
    )
    (latency,) = re.findall(r"^Each latency is `\{(.*?)\}`", text, re.M)
    assert re.findall(r'"([^"]+)"', latency) == list(latency_document(latencies(1)))


def test_the_formula_of_the_buckets_is_the_histograms() -> None:
    for latency_us in (0, 255, 256, 257, 1023, 1024, 123_456, 60_000_000):
        histogram = Histogram()
        histogram.record(latency_us)
        ((number, _),) = (
            (int(key), count) for key, count in latency_document(histogram)["histogram"]["buckets"].items()
        )
        shift = max(0, number // 128 - 1)
        begins_us = (number - 128 * shift) << shift
        assert begins_us <= latency_us < begins_us + (1 << shift)


def test_every_flag_of_the_command_is_explained_and_no_other() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    flags = {flag for action in parser._actions for flag in action.option_strings}
    rows = re.findall(r"^\| (`-.*?) \|", DOCUMENT.read_text(encoding="utf-8"), re.M)
    assert {flag for row in rows for flag in re.findall(r"`(-[^`]+)`", row)} == flags

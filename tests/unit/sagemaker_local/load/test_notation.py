"""Durations, rates, phases and stairs as people write them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from include.sagemaker_local.load.course import Phase, Phases, Stairs
from include.sagemaker_local.load.notation import duration_s, phases, rate_per_s, stairs


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30), ("30s", 30), (" 1.5s ", 1.5), ("200ms", 0.2), ("250us", 0.00025), ("2m", 120), ("1h", 3600)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration_s(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "rate"), [("500", 500), ("500/s", 500), ("30000/m", 500), ("3600/h", 1), ("0.5", 0.5)]
)
def test_rates(text: str, rate: float) -> None:
    assert rate_per_s(text) == pytest.approx(rate)


def test_phases_and_stairs() -> None:
    assert phases("2m:1, 90s:3+2/m") == Phases((Phase(1, 0.0, 120.0), Phase(3, 2.0, 90.0)))
    assert stairs("10m:5x2") == Stairs(600.0, 5, 2)


@pytest.mark.parametrize(
    ("parse", "text"),
    [(duration_s, text) for text in ("", "0", "0s", "-1s", "1d", "s", "1 0s", "nan", "inf")]
    + [(rate_per_s, text) for text in ("", "0", "-5", "5/d", "1/ms", "five")]
    + [(phases, text) for text in ("", "2m", "2m:0", "2m:1,", "2m:1+2", "0s:1", "2m:1.5", "2m:-1")]
    + [(stairs, text) for text in ("", "10m", "10m:5", "10m:0x2", "10m:5x0", "x:5x2")],
)
def test_what_is_none_is_refused_with_its_form(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match="such as"):
        parse(text)

"""Axes: round ticks, few of them, and everything that is drawn between their ends."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sagemaker_local.load.report.axis import (
    Axis,
    linear_axis,
    log_axis,
    named_axis,
    number_text,
    percentile_axis,
    percentile_place,
    time_axis,
)


def texts(axis: Axis) -> list[str]:
    return [text for _, text in axis.ticks]


@pytest.mark.parametrize(
    ("axis", "ticks"),
    [
        (linear_axis("n", 612), ["0", "200", "400", "600", "800"]),
        (linear_axis("n", 5), ["0", "1", "2", "3", "4", "5"]),
        (linear_axis("n", 0), ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (linear_axis("n", 91_000), ["0", "20,000", "40,000", "60,000", "80,000", "100,000"]),
        (log_axis("ms", 0.9, 140), ["0.5", "1", "2", "5", "10", "20", "50", "100", "200"]),
        (log_axis("ms", 1, 100_000), ["1", "10", "100", "1,000", "10,000", "100,000"]),
        (log_axis("ms", 3, 3), ["2", "5"]),
        (time_axis("t", 24), ["0 s", "5 s", "10 s", "15 s", "20 s"]),
        (time_axis("t", 600), ["0 s", "2 min", "4 min", "6 min", "8 min", "10 min"]),
        (time_axis("t", 0.2), ["0 s", "1 s"]),
        (named_axis("users", [1, 2, 4, 8]), ["1", "2", "4", "8"]),
        (named_axis("users", [1, 2, 1000, 1010]), ["1", "2", "1,000"]),
        (percentile_axis("p", 99.95), ["0 %", "50 %", "75 %", "90 %", "95 %", "99 %", "99.9 %"]),
        (percentile_axis("p", 40), ["0 %"]),
    ],
)
def test_ticks(axis: Axis, ticks: list[str]) -> None:
    assert texts(axis) == ticks


@given(st.floats(1e-6, 1e9))
def test_an_axis_holds_what_is_drawn_and_has_few_ticks(highest: float) -> None:
    axis = linear_axis("n", highest)
    assert axis.highest >= highest * (1 - 1e-9)
    assert 2 <= len(axis.ticks) <= 8
    assert 0 < axis.share(highest) <= 1


@given(st.floats(1e-2, 1e9), st.floats(1e-2, 1e9))
def test_a_logarithmic_axis_holds_both_ends(one: float, other: float) -> None:
    axis = log_axis("ms", min(one, other), max(one, other))
    assert axis.lowest <= min(one, other) * (1 + 1e-6)
    assert axis.highest >= max(one, other) * (1 - 1e-6)
    assert axis.share(axis.lowest) == 0 < axis.share(axis.highest) == 1
    assert axis.ticks


@given(st.floats(0.01, 1e6))
def test_a_time_axis_has_room_for_its_texts(longest_s: float) -> None:
    assert 1 <= len(time_axis("t", longest_s).ticks) <= 8


def test_what_lies_beyond_an_end_stands_on_it() -> None:
    assert [linear_axis("n", 10).share(value) for value in (-5, 5, 50)] == [0, 0.5, 1]
    assert log_axis("n", 1, 100).share(10) == pytest.approx(0.5)


def test_every_nine_has_the_same_room() -> None:
    axis = percentile_axis("p", 99.99)
    places = [axis.share(percentile_place(percent)) for percent in (0, 90, 99, 99.9)]
    assert [later - place for place, later in pairwise(places)] == pytest.approx([0.25] * 3)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234.4, "1,234"), (612.4, "612"), (12.34, "12.3"), (1.5, "1.5"), (0.0123, "0.0123"), (100, "100")],
)
def test_numbers_have_three_digits_that_mean_something(value: float, text: str) -> None:
    assert number_text(value) == text

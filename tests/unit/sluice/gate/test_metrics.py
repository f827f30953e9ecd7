from __future__ import annotations

import math
import random

import pytest
from sluice.gate.metrics import Absence, Measurement, Measurements, Metric, Origin, number_text, read

LATENCY = Metric.MODEL_LATENCY_MS
NOT_NUMBERS = [
    None,
    math.nan,
    math.inf,
    -math.inf,
    "NaN",
    "12",
    "",
    True,
    False,
    -1,
    -0.5,
    [],
    {},
    [12],
    10**400,
    object(),
]


@pytest.mark.parametrize("raw", NOT_NUMBERS, ids=lambda raw: repr(raw)[:20])
def test_what_is_not_a_number_becomes_an_absence_with_a_reason(raw: object) -> None:
    absence = read(LATENCY, raw, "job x")
    assert isinstance(absence, Absence)
    assert absence.reason
    assert absence.source == "job x"


@pytest.mark.parametrize("raw", [0, 0.0, 12, 5e-324, 1.5, 10**15])
def test_a_finite_number_becomes_a_measurement(raw: float) -> None:
    assert read(LATENCY, raw, "job x", Origin.ESTIMATED) == Measurement(LATENCY, float(raw), "job x", Origin.ESTIMATED)


@pytest.mark.parametrize("value", [math.nan, math.inf, True])
def test_a_measurement_cannot_hold_what_is_not_a_number(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Measurement(LATENCY, value, "job x")


def test_a_metric_that_nobody_measured_is_an_absence() -> None:
    absence = Measurements().get(LATENCY)
    assert isinstance(absence, Absence)
    assert absence.reason == "it was not measured"


def test_a_metric_cannot_be_both_there_and_absent() -> None:
    with pytest.raises(ValueError, match="twice"):
        Measurements.of([Measurement(LATENCY, 1.0, "a"), Absence(LATENCY, "gone", "b")])


def test_every_metric_has_a_unit_that_its_name_ends_in() -> None:
    endings = {"ms": "ms", "requests/min": "minute", "USD/h": "usd", "USD/million": "usd"}
    for metric in Metric:
        assert metric.endswith(endings[metric.unit])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (150.0, "150"),
        (29342.0, "29,342"),
        (2.92620870823157, "2.9262"),
        (0.102, "0.102"),
        (7.456940238625975e-06, "7.45694e-06"),
        (-3.5, "-3.5"),
        (0, "0"),
    ],
)
def test_numbers_as_people_read_them(value: float, text: str) -> None:
    assert number_text(value) == text


def test_number_text_stays_close_to_the_number() -> None:
    generator = random.Random(7)
    for _ in range(500):
        value = generator.uniform(-1, 1) * 10 ** generator.randint(-8, 8)
        assert float(number_text(value).replace(",", "")) == pytest.approx(value, rel=1e-4, abs=1e-12)

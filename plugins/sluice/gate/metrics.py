"""Numbers that carry their name, unit and origin, and absences that carry their reason.

What comes out of an AWS answer is either a finite number or an explicit absence: a missing member, NaN and a string
(botocore hands a quoted "NaN" through as text) must never turn into something that a rule could compare.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

INFERENCES_PER_MILLION = 1_000_000


class Metric(StrEnum):
    """The metrics that a gate rule may name; the unit is part of the name."""

    MODEL_LATENCY_MS = "model_latency_ms"
    MAX_INVOCATIONS_PER_MINUTE = "max_invocations_per_minute"
    COST_PER_HOUR_USD = "cost_per_hour_usd"
    COST_PER_MILLION_USD = "cost_per_million_usd"

    @property
    def unit(self) -> str:
        """The unit as people write it."""
        return _UNITS[self]

    @property
    def higher_is_better(self) -> bool:
        """Which direction is a regression: throughput falls, latency and cost rise."""
        return self is Metric.MAX_INVOCATIONS_PER_MINUTE

    @property
    def is_cost(self) -> bool:
        """Costs are not measured on an existing endpoint; they come from a recommendation."""
        return self in (Metric.COST_PER_HOUR_USD, Metric.COST_PER_MILLION_USD)


_UNITS = {
    Metric.MODEL_LATENCY_MS: "ms",
    Metric.MAX_INVOCATIONS_PER_MINUTE: "requests/min",
    Metric.COST_PER_HOUR_USD: "USD/h",
    Metric.COST_PER_MILLION_USD: "USD/million",
}


class Origin(StrEnum):
    """How a number came to be; the word is shown wherever the number is."""

    MEASURED = "measured"
    ESTIMATED = "estimated"


@dataclass(frozen=True)
class Measurement:
    """One finite number: `value` in `metric.unit`; `source` says which answer of which job held it."""

    metric: Metric
    value: float
    source: str
    origin: Origin = Origin.MEASURED

    def __post_init__(self) -> None:
        if isinstance(self.value, bool) or not math.isfinite(self.value):
            raise ValueError(f"{self.metric} must be a finite number, not {self.value!r}; use Absence instead")

    @property
    def unit(self) -> str:
        """The unit of `value`."""
        return self.metric.unit


@dataclass(frozen=True)
class Absence:
    """A metric for which there is no number, and why."""

    metric: Metric
    reason: str
    source: str


def read(metric: Metric, raw: object, source: str, origin: Origin = Origin.MEASURED) -> Measurement | Absence:
    """`raw` as AWS answered it -> a measurement, or an absence that says what was there instead of a number."""
    reason = _not_a_number(raw)
    if reason:
        return Absence(metric, reason, source)
    return Measurement(metric, float(cast(float, raw)), source, origin)


def _not_a_number(raw: object) -> str | None:
    if raw is None:
        return "the service reported no value"
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return f"the service reported {raw!r}, which is not a number"
    if not -sys.float_info.max <= raw <= sys.float_info.max:  # false for NaN, and safe for integers of any size
        return f"the service reported {str(raw)[:40]}"
    if raw < 0:
        return f"the service reported the negative value {raw!r}"
    return None


@dataclass(frozen=True)
class Measurements:
    """What is known about one version of a pipeline: numbers, and absences with their reasons."""

    present: tuple[Measurement, ...] = ()
    absent: tuple[Absence, ...] = ()

    def __post_init__(self) -> None:
        named = [entry.metric for entry in self._all()]
        if len(named) != len(set(named)):
            raise ValueError(f"a metric is given twice among {[str(metric) for metric in named]}")

    @classmethod
    def of(cls, entries: Iterable[Measurement | Absence]) -> Measurements:
        """Sort entries as `read` gives them into numbers and absences."""
        entries = tuple(entries)
        return cls(
            present=tuple(entry for entry in entries if isinstance(entry, Measurement)),
            absent=tuple(entry for entry in entries if isinstance(entry, Absence)),
        )

    def _all(self) -> tuple[Measurement | Absence, ...]:
        return (*self.present, *self.absent)

    def get(self, metric: Metric) -> Measurement | Absence:
        """The number, or the absence; a metric that nobody asked the service about is an absence too."""
        for entry in self._all():
            if entry.metric is metric:
                return entry
        return Absence(metric, "it was not measured", "no source")


def number_text(value: float) -> str:
    """A number as people read it: thousands separated, four decimals, six significant digits below 1."""
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) < 1:
        return f"{value:.6g}"
    return f"{value:,.4f}".rstrip("0").rstrip(".")

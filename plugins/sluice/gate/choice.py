"""On which fleet production is to run: of those that a job has measured, the cheapest that passes the gate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sluice.gate.decision import Decision, Rule, decide
from sluice.gate.metrics import Measurement, Measurements, Metric, number_text


@dataclass(frozen=True, kw_only=True)
class MeasuredFleet:
    """One of a job's recommendations: the numbers are those of all its instances together."""

    recommendation: str
    """RecommendationId, `<job>/<8 characters>`."""
    instance_type: str
    instances: int
    numbers: Measurements
    environment: Mapping[str, str] = field(default_factory=dict)
    """The variables that were set in every container for the measurement, on top of its own."""

    def __str__(self) -> str:
        variables = " ".join(f"{name}={value}" for name, value in self.environment.items())
        return f"{self.instances} x {self.instance_type}" + (f" with {variables}" if variables else "")

    def usd(self, metric: Metric) -> float:
        """A cost; infinite when the job did not say it, so that what is known is preferred."""
        cost = self.numbers.get(metric)
        return cost.value if isinstance(cost, Measurement) else math.inf


@dataclass(frozen=True)
class Considered:
    """A fleet and what the gate says about it."""

    fleet: MeasuredFleet
    decision: Decision

    def __str__(self) -> str:
        per_hour = self.fleet.usd(Metric.COST_PER_HOUR_USD)
        cost = f"{number_text(per_hour)} USD/h" if math.isfinite(per_hour) else "cost not known"
        return f"{self.fleet}, {cost}: {self.decision.verdict.value}, {self.decision.reason}"


@dataclass(frozen=True)
class Choice:
    """The fleets in the order of their hourly cost. `taken` is the first that passes; without one, the first of all."""

    considered: tuple[Considered, ...]

    @property
    def taken(self) -> Considered | None:
        """None when the job recommended no fleet."""
        passing = (each for each in self.considered if each.decision.opens_gate)
        return next(passing, None) or next(iter(self.considered), None)


def cheapest_passing(rules: Sequence[Rule], fleets: Sequence[MeasuredFleet], champion: Measurements | None) -> Choice:
    """Hold every fleet against the rules. Cheapest is by the hour, which is what is paid; then by the million."""
    costs = (Metric.COST_PER_HOUR_USD, Metric.COST_PER_MILLION_USD)
    by_cost = sorted(fleets, key=lambda each: [each.usd(metric) for metric in costs])
    return Choice(tuple(Considered(fleet, decide(rules, fleet.numbers, champion)) for fleet in by_cost))

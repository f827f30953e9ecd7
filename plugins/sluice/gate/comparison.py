"""Which of several candidates goes on: of those that pass the gate, the one whose inferences cost least."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sluice.gate.decision import Decision
from sluice.gate.metrics import Measurement, Measurements, Metric, number_text

FAILED = "failed"
"""Instead of a verdict: the candidate was not measured to the end."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A candidate as it stands beside the others. Numbers are None where there is none."""

    name: str
    package_arn: str | None
    verdict: str
    """The gate's, or `failed`."""
    reason: str
    cost_per_million_usd: float | None = None
    model_latency_ms: float | None = None
    max_invocations_per_minute: float | None = None
    chosen: bool = False

    @property
    def passes(self) -> bool:
        """The gate would let it through."""
        return self.verdict == "pass"

    @property
    def numbers(self) -> tuple[float | None, ...]:
        """Cost of a million requests in USD, latency in ms, requests a minute."""
        return (self.cost_per_million_usd, self.model_latency_ms, self.max_invocations_per_minute)

    @property
    def cost(self) -> str:
        """Its cost as people read it."""
        return (
            "cost not known" if self.cost_per_million_usd is None else f"{number_text(self.cost_per_million_usd)} USD"
        )


def judged(name: str, package_arn: str, decision: Decision, numbers: Measurements) -> Compared:
    """A candidate about which the gate has spoken."""
    return Compared(
        name=name,
        package_arn=package_arn,
        verdict=decision.verdict.value,
        reason=decision.reason,
        cost_per_million_usd=_number(numbers, Metric.COST_PER_MILLION_USD),
        model_latency_ms=_number(numbers, Metric.MODEL_LATENCY_MS),
        max_invocations_per_minute=_number(numbers, Metric.MAX_INVOCATIONS_PER_MINUTE),
    )


def failed(name: str, package_arn: str | None, reason: str) -> Compared:
    """A candidate that did not come as far as the gate."""
    return Compared(name=name, package_arn=package_arn, verdict=FAILED, reason=reason)


def _number(numbers: Measurements, metric: Metric) -> float | None:
    found = numbers.get(metric)
    return found.value if isinstance(found, Measurement) else None


@dataclass(frozen=True)
class Comparison:
    """All candidates, the best first. The first is chosen if it passes; it is the one to speak of in any case."""

    ranked: tuple[Compared, ...]

    @property
    def first(self) -> Compared | None:
        """The best that the gate has judged; None when it has judged none."""
        return next((each for each in self.ranked if each.verdict != FAILED), None)

    @property
    def winner(self) -> Compared | None:
        """The one that goes on; None when none passes."""
        return next((each for each in self.ranked if each.chosen), None)

    def told(self) -> str:
        """The outcome in one line."""
        number = len(self.ranked)
        if self.winner is None:
            reasons = "; ".join(f"{each.name}: {each.verdict}, {each.reason}" for each in self.ranked)
            return f"none of {number} candidates passes: {reasons}"
        passing = sum(each.passes for each in self.ranked)
        return (
            f"{self.winner.name} costs least of {passing} that pass among {number} candidates, "
            f"{self.winner.cost} for a million requests: {self.winner.reason}"
        )

    def why_not(self, loser: Compared) -> str:
        """Why one that is not the winner does not go on."""
        if self.winner is None or not loser.passes:
            return f"candidate {loser.name}: {loser.verdict}, {loser.reason}"
        return (
            f"candidate {self.winner.name} won at {self.winner.cost} for a million requests; {loser.name}: {loser.cost}"
        )


def compare(candidates: Sequence[Compared]) -> Comparison:
    """Those that pass come first, then by cost for a request, then by latency; otherwise in the order given."""
    ranked = sorted(candidates, key=_place)
    if ranked and ranked[0].passes:
        ranked[0] = replace(ranked[0], chosen=True)
    return Comparison(tuple(ranked))


def _place(candidate: Compared) -> tuple[bool, bool, float, float]:
    cost, latency = candidate.cost_per_million_usd, candidate.model_latency_ms
    return (
        not candidate.passes,
        candidate.verdict == FAILED,
        math.inf if cost is None else cost,
        math.inf if latency is None else latency,
    )

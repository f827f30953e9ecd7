"""What production's version comes to when it is measured again, and whether that is worth another promotion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sluice.evidence.form import EvidenceForm
from sluice.evidence.report import Evidence, as_markdown
from sluice.gate.choice import Choice, Considered, MeasuredFleet, cheapest_passing
from sluice.gate.decision import AGAINST_CHAMPION, Decision, Rule, Verdict, decide
from sluice.gate.metrics import Measurements, Metric, number_text
from sluice.naming import twin_endpoint
from sluice.specs.measuring import Measuring, types_together
from sluice.specs.pipeline import PipelineSpec
from sluice.specs.production import FleetChoice
from sluice.specs.rebenchmark import RebenchmarkSpec
from sluice.specs.staging import StagingSpec

PCT_DIGITS = 4
"""Of a saving in per cent: costs are float32, which carries seven digits, so 10 % may come as 9.999998."""
LEAST_PCT = 10**-PCT_DIGITS
"""Below this nothing is saved, however little a spec wants."""


def twin_measuring(spec: PipelineSpec, round_: str, fleet: FleetChoice, of_version: tuple[str, ...] = ()) -> Measuring:
    """How production's version is measured again: on a twin with that fleet, among the version's instance types.

    The spec's types where the version says none (`of_version` is empty). Raises SpecError when they are too many.
    """
    more = spec.rebenchmark.instance_types if spec.rebenchmark else ()
    return Measuring(
        round=round_,
        instance_types=types_together((fleet.instance_type,), of_version or spec.benchmark.instance_types, more),
        staging=StagingSpec(endpoint=twin_endpoint(spec), instance_type=fleet.instance_type, instances=fleet.instances),
    )


class FindingKind(StrEnum):
    """What may have changed since the promotion."""

    CHEAPER = "cheaper"
    """Another instance type passes the gate and costs less."""
    SLOWER = "slower"
    """Latency has drifted."""
    REFUSED = "refused"
    """The gate would not let this version through today."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One change that is worth another promotion, and the numbers for it."""

    kind: FindingKind
    reason: str


@dataclass(frozen=True)
class Today:
    """What a job has measured of production's version, and the gate's word on it."""

    instance_type: str
    numbers: Measurements
    promoted: Measurements
    """The numbers of its promotion."""
    decision: Decision
    choice: Choice

    @classmethod
    def judged(
        cls,
        rules: Sequence[Rule],
        instance_type: str,
        numbers: Measurements,
        promoted: Measurements,
        fleets: Sequence[MeasuredFleet],
    ) -> Today:
        """Hold the numbers of `instance_type`, and those of every recommended fleet, against the gate's rules."""
        decision = decide(rules, numbers, promoted)
        return cls(instance_type, numbers, promoted, decision, cheapest_passing(rules, fleets, promoted))

    @property
    def here(self) -> Considered | None:
        """The recommendation for the instance type on which it was measured, with the containers as they are."""
        of_type = (each for each in self.choice.considered if each.fleet.instance_type == self.instance_type)
        return next((each for each in of_type if not each.fleet.environment), None)

    @property
    def cheapest(self) -> Considered | None:
        """The cheapest recommendation that passes the gate."""
        taken = self.choice.taken
        return taken if taken and taken.decision.opens_gate else None

    @property
    def saving_pct(self) -> float | None:
        """How much less an hour of `cheapest` costs than one of `here`; None when one of them is not known."""
        if self.here is None or self.cheapest is None:
            return None
        now, then = (each.fleet.usd(Metric.COST_PER_HOUR_USD) for each in (self.here, self.cheapest))
        if not (math.isfinite(now) and math.isfinite(then) and now > 0):
            return None
        return round((1 - then / now) * 100, PCT_DIGITS)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Today against the promotion. `saving_pct` is of the hourly cost; None where there is nothing to compare."""

    drift: Decision
    saving_pct: float | None
    cheapest: str | None
    findings: tuple[Finding, ...]

    @property
    def summary(self) -> str:
        """One line: the findings, or that there is none."""
        told = [f"{finding.kind}: {finding.reason}" for finding in self.findings]
        return "; ".join(told) or f"nothing found; latency: {self.drift.reason}"


def compare(tolerance: RebenchmarkSpec, today: Today) -> Comparison:
    """Find what has changed by more than the spec tolerates. A number that is missing is never a finding."""
    drift = decide((_drift_rule(tolerance),), today.numbers, today.promoted)
    saving, least = today.saving_pct, max(tolerance.min_saving_pct, LEAST_PCT)
    found = (
        (FindingKind.CHEAPER, saving is not None and saving >= least, _cheaper(today)),
        (FindingKind.SLOWER, drift.verdict is Verdict.FAIL, drift.reason),
        (FindingKind.REFUSED, today.decision.verdict is Verdict.FAIL, today.decision.reason),
    )
    return Comparison(
        drift=drift,
        saving_pct=saving,
        cheapest=str(today.cheapest.fleet) if today.cheapest else None,
        findings=tuple(Finding(kind=kind, reason=reason) for kind, is_so, reason in found if is_so),
    )


def _drift_rule(tolerance: RebenchmarkSpec) -> Rule:
    metric = Metric.MODEL_LATENCY_MS
    return Rule(metric=metric, max_regression_pct=tolerance.max_drift_pct, against=AGAINST_CHAMPION)


def _cheaper(today: Today) -> str:
    return f"{today.cheapest}; now {today.here}; {number_text(round(today.saving_pct or 0.0, 1))} % less an hour"


@dataclass(frozen=True, kw_only=True)
class Rebenchmark:
    """The record of one measurement: the evidence as a promotion has it, and what was found in it."""

    evidence: Evidence
    comparison: Comparison


FORM = EvidenceForm("sluice.rebenchmark/1", Rebenchmark)


def as_text(record: Rebenchmark) -> str:
    """Markdown with what was found on top of the evidence."""
    found = [f"- {finding.kind}: {finding.reason}" for finding in record.comparison.findings]
    return "\n".join(("## Found", "", *(found or [f"- {record.comparison.summary}"]), "", as_markdown(record.evidence)))

"""Whether a candidate may go to production, as a value.

`decide` compares numbers with rules and does nothing else. A number that is not there is never a pass, and a
decision says for each rule what was observed, against which limit, by how much, and where the number came from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from sluice.errors import SpecError
from sluice.fields.limits import Limit, check
from sluice.gate.metrics import Absence, Measurement, Measurements, Metric, number_text

AGAINST_CHAMPION = "champion"


class Verdict(StrEnum):
    """What the gate says about one rule, or about all of them."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Basis(StrEnum):
    """What a rule's verdict rests on; the report shows it."""

    COMPARED = "compared"
    """Two numbers were compared."""

    NO_CHAMPION_YET = "no champion yet"
    """A rule against the champion, and nothing is in production: it passes, and says why."""

    NO_NUMBER = "no number"
    """A number is missing, on the candidate's or on the champion's side: inconclusive."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One limit on one metric: `max`, `min`, or `max_regression_pct` against the champion."""

    metric: Annotated[Metric, Limit("The metric that the rule looks at; its unit is in its name.")]
    max: Annotated[float | None, Limit("The candidate may have at most this, in the metric's unit.", minimum=0)] = None
    min: Annotated[float | None, Limit("The candidate must have at least this, in the metric's unit.", minimum=0)] = (
        None
    )
    max_regression_pct: Annotated[
        float | None,
        Limit(
            "The candidate may be worse than the champion by at most this many per cent of the champion's number.",
            minimum=0,
        ),
    ] = None
    against: Annotated[str | None, Limit("What max_regression_pct compares with.", choices=(AGAINST_CHAMPION,))] = None

    def __post_init__(self) -> None:
        check(self)
        given = [name for name in ("max", "min", "max_regression_pct") if getattr(self, name) is not None]
        if len(given) != 1:
            raise SpecError(
                "", f"a rule needs exactly one of max, min and max_regression_pct, and has {given or 'none'}"
            )
        if (self.max_regression_pct is None) != (self.against is None):
            raise SpecError("against", "max_regression_pct and 'against: champion' go together; give both or neither")

    @property
    def absolute_limit(self) -> float | None:
        """The limit that needs no champion, in the metric's unit; None for a rule against the champion."""
        return self.max if self.max is not None else self.min

    @property
    def bounds_below(self) -> bool:
        """Whether the candidate must reach the limit (`at least`) or may not exceed it (`at most`)."""
        return self.min is not None or (self.max is None and self.metric.higher_is_better)

    def describe(self) -> str:
        """The rule as a short phrase: `model_latency_ms at most 120 ms`."""
        if (limit := self.absolute_limit) is not None:
            bound = "at least" if self.bounds_below else "at most"
            return f"{self.metric} {bound} {number_text(limit)} {self.metric.unit}"
        return f"{self.metric} at most {number_text(self.max_regression_pct or 0.0)} % worse than the champion"


@dataclass(frozen=True)
class RuleResult:
    """One rule held against the numbers. `limit` and `margin` are in the metric's unit; a margin below 0 is a miss."""

    rule: Rule
    verdict: Verdict
    basis: Basis
    reason: str
    source: str
    observed: Measurement | None = None
    champion: Measurement | None = None
    limit: float | None = None
    margin: float | None = None

    @property
    def miss(self) -> str | None:
        """What is wrong with the number, and by how much, in one line; None for a rule that passed."""
        if self.verdict is Verdict.PASS:
            return None
        if self.margin is None or self.limit is None or self.observed is None:
            return f"{self.rule.metric} could not be judged: {self.reason}"
        share = f" ({number_text(round(-self.margin / self.limit * 100, 1))} %)" if self.limit else ""
        return f"{self.rule.metric}: {self.reason}, missed by {number_text(-self.margin)} {self.observed.unit}{share}"

    @classmethod
    def compared(
        cls, rule: Rule, observed: Measurement, limit: float, champion: Measurement | None = None
    ) -> RuleResult:
        """Pass or fail: the limit itself still passes."""
        margin = observed.value - limit if rule.bounds_below else limit - observed.value
        verdict = Verdict.PASS if margin >= 0 else Verdict.FAIL
        bound = "at least" if rule.bounds_below else "at most"
        reason = f"{number_text(observed.value)} {observed.unit}, allowed {bound} {number_text(limit)}"
        source = observed.source if champion is None else f"{observed.source}; champion: {champion.source}"
        return cls(rule, verdict, Basis.COMPARED, reason, source, observed, champion, limit, margin)

    @classmethod
    def no_number(cls, rule: Rule, reason: str, source: str, observed: Measurement | None = None) -> RuleResult:
        """Inconclusive, because a number is missing."""
        return cls(rule, Verdict.INCONCLUSIVE, Basis.NO_NUMBER, reason, source, observed)

    @classmethod
    def no_champion_yet(cls, rule: Rule, observed: Measurement) -> RuleResult:
        """Passed only because there is nothing in production to be worse than."""
        reason = f"{number_text(observed.value)} {observed.unit}; no champion yet, so nothing to be worse than"
        return cls(rule, Verdict.PASS, Basis.NO_CHAMPION_YET, reason, observed.source, observed)


@dataclass(frozen=True)
class Decision:
    """The gate's answer: `verdict`, the `reason` in one line, and one result per rule in the spec's order."""

    verdict: Verdict
    reason: str
    results: tuple[RuleResult, ...] = ()

    @classmethod
    def passed(cls, results: Sequence[RuleResult]) -> Decision:
        """Every rule passed."""
        reason = "the only rule passed" if len(results) == 1 else f"all {len(results)} rules passed"
        return cls(Verdict.PASS, reason, tuple(results))

    @classmethod
    def failed(cls, results: Sequence[RuleResult]) -> Decision:
        """At least one rule failed; the reason names each."""
        return cls(Verdict.FAIL, _reasons(results, Verdict.FAIL), tuple(results))

    @classmethod
    def inconclusive(cls, results: Sequence[RuleResult]) -> Decision:
        """No rule failed, but at least one could not be held against a number."""
        return cls(Verdict.INCONCLUSIVE, _reasons(results, Verdict.INCONCLUSIVE), tuple(results))

    @classmethod
    def undecided(cls, reason: str) -> Decision:
        """Inconclusive before any rule was looked at: there were no rules, or no benchmark came to its end."""
        return cls(Verdict.INCONCLUSIVE, reason)

    @classmethod
    def refused(cls, reason: str) -> Decision:
        """Failed whatever the numbers are."""
        return cls(Verdict.FAIL, reason)

    @property
    def opens_gate(self) -> bool:
        """Only a pass opens the gate."""
        return self.verdict is Verdict.PASS


def decide(rules: Sequence[Rule], candidate: Measurements, champion: Measurements | None = None) -> Decision:
    """Any fail -> fail; else anything inconclusive -> inconclusive; else pass. No rules is inconclusive."""
    if not rules:
        return Decision.undecided("there are no rules, and a gate without rules never opens")
    results = tuple(_judge(rule, candidate, champion) for rule in rules)
    verdicts = {result.verdict for result in results}
    conclude: Callable[[Sequence[RuleResult]], Decision] = Decision.passed
    if Verdict.FAIL in verdicts:
        conclude = Decision.failed
    elif Verdict.INCONCLUSIVE in verdicts:
        conclude = Decision.inconclusive
    return conclude(results)


def _judge(rule: Rule, candidate: Measurements, champion: Measurements | None) -> RuleResult:
    observed = candidate.get(rule.metric)
    if isinstance(observed, Absence):
        return RuleResult.no_number(rule, observed.reason, observed.source)
    if (limit := rule.absolute_limit) is not None:
        return RuleResult.compared(rule, observed, limit)
    if champion is None:
        return RuleResult.no_champion_yet(rule, observed)
    return _judge_regression(rule, observed, champion.get(rule.metric))


def _judge_regression(rule: Rule, observed: Measurement, champion: Measurement | Absence) -> RuleResult:
    if isinstance(champion, Absence):
        return RuleResult.no_number(rule, f"champion: {champion.reason}", champion.source, observed)
    if champion.value == 0:
        return RuleResult.no_number(
            rule, "the champion's number is 0, so no percentage of it exists", champion.source, observed
        )
    allowed_pct = (rule.max_regression_pct or 0.0) * (-1 if rule.metric.higher_is_better else 1)
    # Divided last: 100 * 1.15 is a little less than 115, which would not pass.
    return RuleResult.compared(rule, observed, champion.value * (100 + allowed_pct) / 100, champion)


def _reasons(results: Sequence[RuleResult], verdict: Verdict) -> str:
    named = [f"{result.rule.metric}: {result.reason}" for result in results if result.verdict is verdict]
    return f"{len(named)} of {len(results)} rules {verdict}: " + "; ".join(named)

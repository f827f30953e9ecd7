from __future__ import annotations

import itertools
import math
import random
from typing import Any

import pytest
from sluice.errors import SpecError
from sluice.gate.decision import Basis, Rule, Verdict, decide
from sluice.gate.metrics import Absence, Measurement, Measurements, Metric

LATENCY = Metric.MODEL_LATENCY_MS
THROUGHPUT = Metric.MAX_INVOCATIONS_PER_MINUTE
AT_MOST_120_MS = Rule(metric=LATENCY, max=120)
AT_LEAST_600 = Rule(metric=THROUGHPUT, min=600)
TEN_PER_CENT_SLOWER = Rule(metric=LATENCY, max_regression_pct=10, against="champion")
TEN_PER_CENT_FEWER = Rule(metric=THROUGHPUT, max_regression_pct=10, against="champion")


def numbers(latency: float | None = None, throughput: float | None = None) -> Measurements:
    given = {LATENCY: latency, THROUGHPUT: throughput}
    return Measurements.of(
        Absence(metric, "the service reported 'NaN'", "job x") if value is None else Measurement(metric, value, "job x")
        for metric, value in given.items()
    )


@pytest.mark.parametrize(("latency", "verdict", "margin"), [(119, "pass", 1), (120, "pass", 0), (120.5, "fail", -0.5)])
def test_at_most(latency: float, verdict: str, margin: float) -> None:
    result = decide([AT_MOST_120_MS], numbers(latency=latency)).results[0]
    assert (result.verdict, result.basis) == (verdict, Basis.COMPARED)
    assert (result.limit, result.margin) == (120, margin)
    assert result.source == "job x"
    assert "120" in result.reason


@pytest.mark.parametrize(("throughput", "verdict", "margin"), [(601, "pass", 1), (600, "pass", 0), (599, "fail", -1)])
def test_at_least(throughput: float, verdict: str, margin: float) -> None:
    result = decide([AT_LEAST_600], numbers(throughput=throughput)).results[0]
    assert (result.verdict, result.limit, result.margin) == (verdict, 600, margin)


@pytest.mark.parametrize(("candidate", "verdict"), [(110, "pass"), (90, "pass"), (110.5, "fail")])
def test_a_regression_of_a_metric_that_should_be_low(candidate: float, verdict: str) -> None:
    result = decide([TEN_PER_CENT_SLOWER], numbers(latency=candidate), numbers(latency=100)).results[0]
    assert result.verdict == verdict
    assert result.limit == pytest.approx(110)
    assert result.margin == pytest.approx(110 - candidate)
    assert result.champion is not None
    assert "champion" in result.source


@pytest.mark.parametrize(("candidate", "verdict"), [(900, "pass"), (1200, "pass"), (899, "fail")])
def test_a_regression_of_a_metric_that_should_be_high(candidate: float, verdict: str) -> None:
    result = decide([TEN_PER_CENT_FEWER], numbers(throughput=candidate), numbers(throughput=1000)).results[0]
    assert result.verdict == verdict
    assert result.limit == pytest.approx(900)


def test_a_missing_number_is_inconclusive_and_says_why() -> None:
    decision = decide([AT_MOST_120_MS], numbers())
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert not decision.opens_gate
    assert decision.results[0].basis is Basis.NO_NUMBER
    assert "NaN" in decision.reason


def test_without_a_champion_a_champion_rule_passes_and_says_so() -> None:
    decision = decide([TEN_PER_CENT_SLOWER], numbers(latency=5000), None)
    assert decision.verdict is Verdict.PASS
    assert decision.results[0].basis is Basis.NO_CHAMPION_YET
    assert decision.results[0].limit is None
    assert "no champion yet" in decision.results[0].reason


def test_without_a_champion_a_missing_number_is_still_no_pass() -> None:
    assert decide([TEN_PER_CENT_SLOWER], numbers(), None).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("champion", [numbers(), numbers(latency=0), Measurements()], ids=["absent", "zero", "nothing"])
def test_a_champion_without_a_usable_number_is_inconclusive(champion: Measurements) -> None:
    decision = decide([TEN_PER_CENT_SLOWER], numbers(latency=100), champion)
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert "champion" in decision.reason


def test_no_rules_do_not_open_the_gate() -> None:
    decision = decide([], numbers(latency=1, throughput=1))
    assert decision.verdict is Verdict.INCONCLUSIVE
    assert "no rules" in decision.reason


def test_fail_outweighs_inconclusive_and_inconclusive_outweighs_pass() -> None:
    passing = Rule(metric=LATENCY, max=10)
    failing = Rule(metric=LATENCY, max=1)
    unknown = Rule(metric=Metric.COST_PER_HOUR_USD, max=1)
    weight = [Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL]
    verdict_of = {passing: Verdict.PASS, failing: Verdict.FAIL, unknown: Verdict.INCONCLUSIVE}
    for size in (1, 2, 3):
        for rules in itertools.product(verdict_of, repeat=size):
            decision = decide(rules, numbers(latency=5))
            assert decision.verdict is max((verdict_of[rule] for rule in rules), key=weight.index)
            assert [result.rule for result in decision.results] == list(rules)


def test_a_pass_always_rests_on_numbers_that_satisfy_every_rule() -> None:
    generator = random.Random(11)
    seen = set()
    for _ in range(2000):
        latency, throughput = (generator.choice([None, 0.0, generator.uniform(0, 200)]) for _ in range(2))
        limit, floor = generator.uniform(0, 200), generator.uniform(0, 200)
        decision = decide(
            [Rule(metric=LATENCY, max=limit), Rule(metric=THROUGHPUT, min=floor)], numbers(latency, throughput)
        )
        seen.add(decision.verdict)
        satisfied = latency is not None and throughput is not None and latency <= limit and throughput >= floor
        assert decision.opens_gate == satisfied
    assert seen == set(Verdict)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({}, ""),
        ({"max": 1, "min": 1}, ""),
        ({"max": 1, "against": "champion"}, "against"),
        ({"max_regression_pct": 5}, "against"),
        ({"max_regression_pct": 5, "against": "average"}, "against"),
        ({"max_regression_pct": -5, "against": "champion"}, "max_regression_pct"),
        ({"max": -1}, "max"),
        ({"max": math.nan}, "max"),
        ({"min": math.inf}, "min"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(arguments: dict[str, Any], path: str) -> None:
    with pytest.raises(SpecError) as caught:
        Rule(metric=LATENCY, **arguments)
    assert caught.value.path == path


def test_a_rule_describes_itself_with_its_unit() -> None:
    assert AT_MOST_120_MS.describe() == "model_latency_ms at most 120 ms"
    assert AT_LEAST_600.describe() == "max_invocations_per_minute at least 600 requests/min"
    assert TEN_PER_CENT_FEWER.describe() == "max_invocations_per_minute at most 10 % worse than the champion"

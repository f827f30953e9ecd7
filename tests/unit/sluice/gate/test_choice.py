from __future__ import annotations

from sluice.gate.choice import MeasuredFleet, cheapest_passing
from sluice.gate.decision import Rule, Verdict
from sluice.gate.metrics import Absence, Measurements, Metric, read

RULES = [Rule(metric=Metric.MODEL_LATENCY_MS, max=50), Rule(metric=Metric.MAX_INVOCATIONS_PER_MINUTE, min=600)]


def fleet(
    name: str, latency_ms: object, per_minute: object, per_hour: object, per_million: object = 1.0
) -> MeasuredFleet:
    values = {
        Metric.MODEL_LATENCY_MS: latency_ms,
        Metric.MAX_INVOCATIONS_PER_MINUTE: per_minute,
        Metric.COST_PER_HOUR_USD: per_hour,
        Metric.COST_PER_MILLION_USD: per_million,
    }
    numbers = Measurements.of(read(metric, value, "a job") for metric, value in values.items())
    return MeasuredFleet(recommendation=f"job/{name}", instance_type=f"ml.{name}", instances=1, numbers=numbers)


def taken(*fleets: MeasuredFleet) -> tuple[str, Verdict]:
    found = cheapest_passing(RULES, fleets, None).taken
    assert found is not None
    return found.fleet.instance_type, found.decision.verdict


def test_the_cheapest_by_the_hour_that_passes() -> None:
    slow, dear, right = fleet("slow", 80, 900, 0.1), fleet("dear", 5, 9000, 0.9, 0.1), fleet("right", 40, 800, 0.2, 5.0)
    assert taken(slow, dear, right) == taken(right, slow, dear) == ("ml.right", Verdict.PASS)


def test_equal_hours_are_told_apart_by_the_million() -> None:
    assert taken(fleet("a", 40, 800, 0.2, 5.0), fleet("b", 40, 900, 0.2, 4.0)) == ("ml.b", Verdict.PASS)


def test_without_one_that_passes_the_cheapest_says_why() -> None:
    assert taken(fleet("dear", 80, 900, 0.9), fleet("cheap", 60, 900, 0.1)) == ("ml.cheap", Verdict.FAIL)


def test_a_fleet_whose_number_is_missing_is_never_taken_for_one_that_passes() -> None:
    assert taken(fleet("nan", float("nan"), 900, 0.1), fleet("right", 40, 800, 0.2)) == ("ml.right", Verdict.PASS)
    assert taken(fleet("nan", "NaN", 900, 0.1)) == ("ml.nan", Verdict.INCONCLUSIVE)


def test_a_cost_that_is_not_known_comes_last() -> None:
    without = fleet("unknown", 40, 800, None)
    assert isinstance(without.numbers.get(Metric.COST_PER_HOUR_USD), Absence)
    assert taken(without, fleet("dear", 40, 800, 9.0)) == ("ml.dear", Verdict.PASS)
    assert "cost not known" in str(cheapest_passing(RULES, [without], None).considered[0])


def test_nothing_to_choose_from() -> None:
    assert cheapest_passing(RULES, [], None).taken is None

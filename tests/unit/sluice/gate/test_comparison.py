from __future__ import annotations

from sluice.gate.comparison import Compared, compare, failed, judged
from sluice.gate.decision import Decision
from sluice.gate.metrics import Absence, Measurements, Metric, read


def row(name: str, cost: float | None, latency: float | None = 10.0, verdict: str = "pass") -> Compared:
    return Compared(
        name=name,
        package_arn=f"arn:{name}",
        verdict=verdict,
        reason="the only rule passed",
        cost_per_million_usd=cost,
        model_latency_ms=latency,
    )


def order(*rows: Compared) -> list[str]:
    return [each.name for each in compare(rows).ranked]


def test_the_cheapest_request_that_passes_wins_and_says_among_how_many() -> None:
    found = compare([row("dear", 3.0), row("cheap-but-slow", 0.5, verdict="fail"), row("right", 1.5)])
    assert found.winner is not None and found.winner.name == "right" and found.winner.chosen
    assert [each.chosen for each in found.ranked] == [True, False, False]
    assert found.told().startswith("right costs least of 2 that pass among 3 candidates, 1.5 USD")
    assert found.why_not(found.ranked[1]) == "candidate right won at 1.5 USD for a million requests; dear: 3 USD"
    assert found.why_not(found.ranked[2]) == "candidate cheap-but-slow: fail, the only rule passed"


def test_equal_costs_are_told_apart_by_latency_and_unknown_ones_come_last() -> None:
    assert order(row("b", 1.0, 20.0), row("a", 1.0, 5.0)) == ["a", "b"]
    assert order(row("unknown", None), row("b", 9.0)) == ["b", "unknown"]
    assert order(row("first", 1.0), row("second", 1.0)) == ["first", "second"]


def test_one_that_failed_comes_after_one_that_the_gate_has_refused() -> None:
    found = compare([failed("dead", "arn:dead", "cheese"), row("slow", 1.0, verdict="fail")])
    assert found.winner is None and found.first is not None and found.first.name == "slow"
    assert found.told() == "none of 2 candidates passes: slow: fail, the only rule passed; dead: failed, cheese"
    assert compare([failed("dead", None, "cheese")]).first is None
    assert compare([]).winner is None


def test_a_row_has_the_gate_s_word_and_numbers_where_there_are_some() -> None:
    numbers = Measurements.of(
        (read(Metric.COST_PER_MILLION_USD, 2.5, "job"), Absence(Metric.MODEL_LATENCY_MS, "none", "job"))
    )
    made = judged("a", "arn:a", Decision.refused("withdrawn"), numbers)
    assert (made.verdict, made.reason, made.numbers) == ("fail", "withdrawn", (2.5, None, None))

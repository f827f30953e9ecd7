from __future__ import annotations

from dataclasses import replace

import pytest
from sluice.errors import EvidenceInvalid
from sluice.evidence.rebenchmark import FORM, Comparison, FindingKind, Rebenchmark, Today, as_text, compare
from sluice.gate.choice import MeasuredFleet
from sluice.gate.decision import Rule, Verdict
from sluice.gate.metrics import Absence, Measurements, Metric, read
from sluice.specs.rebenchmark import RebenchmarkSpec

from tests.unit.sluice.evidence.test_report import evidence

RULES = [Rule(metric=Metric.MODEL_LATENCY_MS, max=120), Rule(metric=Metric.MAX_INVOCATIONS_PER_MINUTE, min=600)]
TOLERANCE = RebenchmarkSpec(max_drift_pct=15, min_saving_pct=10)


def numbers(latency_ms: object = 100, per_minute: object = 900, per_hour: object = None) -> Measurements:
    values = {
        Metric.MODEL_LATENCY_MS: latency_ms,
        Metric.MAX_INVOCATIONS_PER_MINUTE: per_minute,
        Metric.COST_PER_HOUR_USD: per_hour,
    }
    return Measurements.of(read(metric, value, "a job") for metric, value in values.items())


def fleet(name: str, per_hour: object, latency_ms: object = 100) -> MeasuredFleet:
    measured = numbers(latency_ms, per_hour=per_hour)
    return MeasuredFleet(recommendation=f"job/{name}", instance_type=f"ml.{name}", instances=1, numbers=measured)


HERE = fleet("here", 0.2)


def compared(
    *others: MeasuredFleet, now: Measurements | None = None, then: Measurements | None = None, here: bool = True
) -> Comparison:
    fleets = [*([HERE] if here else []), *others]
    return compare(TOLERANCE, Today.judged(RULES, "ml.here", now or numbers(), then or numbers(), fleets))


def kinds(comparison: Comparison) -> list[str]:
    return [finding.kind.value for finding in comparison.findings]


def test_the_same_numbers_are_no_finding() -> None:
    found = compared()
    assert (kinds(found), found.saving_pct, found.cheapest) == ([], 0.0, "1 x ml.here")
    assert found.summary.startswith("nothing found; latency: the only rule passed")


@pytest.mark.parametrize(("per_hour", "found"), [(0.18, ["cheaper"]), (0.181, []), (0.05, ["cheaper"]), (None, [])])
def test_another_type_has_to_be_cheaper_by_so_much(per_hour: object, found: list[str]) -> None:
    assert kinds(compared(fleet("other", per_hour))) == found


def test_a_type_is_never_cheaper_than_itself() -> None:
    today = Today.judged(RULES, "ml.here", numbers(), numbers(), [HERE])
    assert kinds(compare(replace(TOLERANCE, min_saving_pct=0.0), today)) == []


def test_a_cheaper_type_says_what_it_costs() -> None:
    (finding,) = compared(fleet("other", 0.1)).findings
    assert finding.reason.startswith("1 x ml.other, 0.1 USD/h: pass")
    assert "now 1 x ml.here, 0.2 USD/h" in finding.reason and finding.reason.endswith("50 % less an hour")


def test_a_cheaper_type_that_the_gate_refuses_or_that_has_a_number_missing_is_none() -> None:
    assert kinds(compared(fleet("slow", 0.1, 130))) == []
    assert kinds(compared(fleet("nan", 0.1, float("nan")))) == []


def test_without_a_recommendation_for_its_own_type_there_is_nothing_to_compare() -> None:
    found = compared(fleet("other", 0.1), here=False)
    assert (kinds(found), found.saving_pct) == ([], None)


@pytest.mark.parametrize(("latency_ms", "found"), [(115, []), (116, ["slower"]), (80, []), (None, []), ("NaN", [])])
def test_latency_may_drift_by_so_much(latency_ms: object, found: list[str]) -> None:
    assert kinds(compared(now=numbers(latency_ms))) == found


def test_without_the_numbers_of_the_promotion_no_drift_can_be_told() -> None:
    then = Measurements(absent=tuple(Absence(metric, "no evidence", "the champion's evidence") for metric in Metric))
    found = compared(now=numbers(118), then=then)
    assert kinds(found) == [] and found.drift.verdict is Verdict.INCONCLUSIVE and "no evidence" in found.summary


def test_what_the_gate_would_refuse_today_is_a_finding_though_it_drifted_by_little() -> None:
    found = compared(now=numbers(121), then=numbers(119))
    assert kinds(found) == ["refused"] and "121 ms" in found.summary
    assert kinds(compared(now=numbers(300), then=numbers(100))) == ["slower", "refused"]


def test_the_record_reads_back_as_it_was_written() -> None:
    record = Rebenchmark(evidence=evidence(), comparison=compared(fleet("other", 0.1)))
    body = FORM.to_bytes(record)
    assert FORM.to_bytes(FORM.read(body, "s3://e")) == body == FORM.to_bytes(replace(record))
    assert FORM.read(body, "s3://e").comparison.findings[0].kind is FindingKind.CHEAPER
    assert "- cheaper: 1 x ml.other" in as_text(record)
    for bad in (b"{", b'{"schema": "sluice.evidence/1"}'):
        with pytest.raises(EvidenceInvalid):
            FORM.read(bad, "s3://e")

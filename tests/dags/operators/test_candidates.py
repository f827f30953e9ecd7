"""Several candidates in one run: listed, judged each for itself, compared, and all but one turned away."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from sluice.errors import CandidatesFailed, SpecError
from sluice.evidence.report import as_html, as_markdown, as_text, read_evidence
from sluice.operators.await_turn import AwaitTurnOperator
from sluice.operators.base import FAILURE_KEY
from sluice.operators.choose_candidate import ChooseCandidateOperator
from sluice.operators.conclude import ConcludeOperator
from sluice.operators.judge import JudgeOperator
from sluice.operators.list_candidates import ListCandidatesOperator
from sluice.operators.outcome import failures_before
from sluice.operators.preflight import PreflightOperator
from sluice.operators.recommend import RecommendOperator
from sluice.operators.register_package import RegisterPackageOperator
from sluice.specs.pipeline import PipelineSpec

from tests.fakes.candidates import aws_with_artifacts
from tests.fakes.sagemaker_api import FakeAws, completed_job
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws, FakeTaskInstance

TASKS = ("preflight", "register_package", "recommend", "judge")
WAYS = {"when_open": "promote", "when_closed": "reject", "when_dry": "report"}
CANDIDATES = {name: {"environment": {"predict": {"THREADS": name}}} for name in ("one", "two", "three")}
VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/iris-group/1"


def spec(**changes: Any) -> PipelineSpec:
    return a_spec(candidates=CANDIDATES, **changes)


def listed(aws: FakeAws, **given: Any) -> list[dict[str, Any]]:
    operator = ListCandidatesOperator(task_id="candidates", pipeline=spec(), **given)
    found: list[dict[str, Any]] = DagRunOnFakeAws(aws).run(operator)
    return found


class Comparison:
    """The candidates of a spec, each as far as it comes, and then the comparison."""

    def __init__(self, aws: FakeAws, jobs: list[dict[str, Any] | str]) -> None:
        """`jobs` has for each candidate what its job comes to, or why the candidate fails before that."""
        self.aws, self.run = aws, DagRunOnFakeAws(aws)
        self.listed = listed(aws)
        for index, (each, job) in enumerate(zip(self.listed, jobs, strict=True)):
            self._measure(index, each, job)

    def _measure(self, index: int, each: dict[str, Any], job: dict[str, Any] | str) -> None:
        alone = DagRunOnFakeAws(self.aws)
        keys = ("model_data", "environment", "image", "package_arn")
        given = {"pipeline": spec(), **{key: each[key] for key in keys}}
        candidate = alone.run(PreflightOperator(task_id="preflight", candidate_name=each["name"], **given))
        of_one = {"pipeline": spec(), "candidate": candidate}
        arn = alone.run(RegisterPackageOperator(task_id="register_package", **of_one))["package_arn"]
        if isinstance(job, str):
            alone.states["recommend"] = "failed"
            alone.xcoms["recommend", FAILURE_KEY] = {"error": "BenchmarkFailed", "message": job}
        else:
            self.aws.job_results = [job]
            name = alone.run(RecommendOperator(task_id="recommend", package_arn=arn, **of_one))["job"]
            alone.run(JudgeOperator(task_id="judge", package_arn=arn, job=name, **of_one))
        self.run.states.update({f"measure.{task}_{index}": state for task, state in alone.states.items()})
        of_group = {(f"measure.{task}_{index}", key): value for (task, key), value in alone.xcoms.items()}
        self.run.xcoms.update(of_group)

    def compare(self, *, dry_run: bool = False) -> tuple[dict[str, Any], set[str]]:
        """The result, and which of the three ways on are skipped."""
        operator = ChooseCandidateOperator(
            task_id="compare", candidates=json.dumps(self.listed), group="measure", is_dry_run=dry_run, **WAYS
        )
        operator.dag = DAG("a_dag", schedule=None)
        for task in TASKS:
            EmptyOperator(task_id=f"measure.{task}", dag=operator.dag) >> operator
        operator >> [EmptyOperator(task_id=task_id, dag=operator.dag) for task_id in WAYS.values()]
        result = self.run.run(operator)
        return result, {task_id for task_id, state in self.run.states.items() if state == "skipped"}

    def approvals(self) -> list[str]:
        return [package["ModelApprovalStatus"] for package in self.aws.packages.values()]


@pytest.fixture
def aws() -> FakeAws:
    return aws_with_artifacts(spec())


def test_the_list_is_the_spec_s_or_the_run_s_with_what_the_run_has_for_all(aws: FakeAws) -> None:
    assert [each["name"] for each in listed(aws)] == ["one", "two", "three"]
    assert listed(aws)[0]["endpoint"] == "iris-staging-one"
    of_run = listed(aws, candidates='{"slim": {"image": {"predict": "slim:1"}}}', environment='{"predict": {"X": "1"}}')
    assert of_run == [
        {
            "name": "slim",
            "model_data": {},
            "environment": {"predict": {"X": "1"}},
            "image": {"predict": "slim:1"},
            "package_arn": "",
            "endpoint": "iris-staging-slim",
        }
    ]
    (adopted,) = listed(aws, package_arn=VERSION)
    assert (adopted["name"], adopted["package_arn"]) == ("adopted", VERSION)
    with pytest.raises(SpecError, match="leave candidates out"):
        listed(aws, package_arn=VERSION, candidates='{"x": {}, "y": {}}')
    with pytest.raises(SpecError, match="candidates: may be at most 10"):
        listed(aws, candidates={f"c{number}": {} for number in range(11)})
    with pytest.raises(SpecError, match=r"candidates\.slim\.image\.predikt"):
        listed(aws, candidates={"slim": {"image": {"predikt": "slim:1"}}})


def test_the_cheapest_that_passes_goes_on_and_the_others_are_rejected_with_the_reason(aws: FakeAws) -> None:
    jobs: list[dict[str, Any] | str] = [completed_job(usd_per_inference=each) for each in (2e-6, 1e-6)]
    comparison = Comparison(aws, [*jobs, "the container died"])
    result, skipped = comparison.compare()
    assert (result["winner"], result["opens_gate"], skipped) == ("two", True, {"reject", "report"})
    winner = list(aws.packages)[1]
    assert result["package_arn"] == winner == result["registered"]["package_arn"]
    assert (result["endpoint"], result["candidate"]["name"]) == ("iris-staging-two", "two")
    assert comparison.approvals() == ["Rejected", "PendingManualApproval", "Rejected"]
    first, _, third = aws.packages.values()
    assert first["ApprovalDescription"] == "candidate two won at 1 USD for a million requests; one: 2 USD"
    assert third["ApprovalDescription"] == "candidate three: failed, measure.recommend[2]: the container died"
    before = comparison.approvals()
    assert comparison.compare()[0] == result and comparison.approvals() == before  # a second try, after a kill
    evidence = read_evidence(json.dumps(result["evidence"]).encode(), "compare")
    assert [(each.name, each.chosen) for each in evidence.compared] == [("two", True), ("one", False), ("three", False)]
    assert evidence.names.staging_endpoint == "iris-staging-two" and evidence.package_arn == winner
    for page in (as_text(evidence), as_markdown(evidence), as_html(evidence)):
        assert "two (chosen)" in page and "the container died" in page and "USD/million" in page


def test_none_that_passes_is_a_refusal(aws: FakeAws) -> None:
    jobs: list[dict[str, Any] | str] = [completed_job(latency_ms=900), "dead", completed_job(latency_ms=500)]
    comparison = Comparison(aws, jobs)
    result, skipped = comparison.compare()
    assert (result["winner"], result["verdict"], skipped) == (None, "fail", {"promote", "report"})
    assert result["reason"].startswith("none of 3 candidates passes: three: fail") and "dead" in result["reason"]
    # The one that the result is about is the gate's own business: `reject` comes next.
    assert comparison.approvals() == ["Rejected", "Rejected", "PendingManualApproval"]


def test_a_dry_run_rejects_nobody_and_a_version_in_use_stays_approved(aws: FakeAws) -> None:
    comparison = Comparison(aws, [completed_job(usd_per_inference=each) for each in (2e-6, 1e-6, 3e-6)])
    result, skipped = comparison.compare(dry_run=True)
    assert (result["dry_run"], result["rejected"], skipped) == (True, [], {"promote", "reject"})
    assert set(comparison.approvals()) == {"PendingManualApproval"}
    serving = next(iter(aws.packages.values()))
    serving["ModelApprovalStatus"] = "Approved"
    again = Comparison(aws, [completed_job(usd_per_inference=each) for each in (2e-6, 1e-6, 3e-6)])
    again.compare()
    assert again.approvals() == ["Approved", "PendingManualApproval", "Rejected"]


def test_without_one_that_was_judged_there_is_nothing_to_compare(aws: FakeAws) -> None:
    comparison = Comparison(aws, ["dead", "dead", "dead"])
    with pytest.raises(CandidatesFailed, match=r"one: measure.recommend\[0\]: dead"):
        comparison.compare()
    assert set(comparison.approvals()) == {"Rejected"}


@pytest.mark.parametrize(("index", "state", "goes"), [(0, None, True), (2, None, False), (2, "failed", True)])
def test_a_candidate_waits_until_the_one_so_many_places_before_is_over(
    index: int, state: str | None, goes: bool
) -> None:
    run = DagRunOnFakeAws(FakeAws())
    if state:
        run.states["measure.delete_staging_0"] = state
    ti = FakeTaskInstance(run, "measure.await_turn")
    ti.map_index = index
    context: Any = {"ti": ti}
    operator = AwaitTurnOperator(task_id="await_turn", at_once=2, until="measure.delete_staging")
    assert operator.poke(context) is goes and operator.mode == "reschedule"


def test_what_compare_has_answered_for_fails_nothing_after_it() -> None:
    run = DagRunOnFakeAws(FakeAws())
    dag = DAG("a_dag", schedule=None)
    recommend, delete, compare, verify = (
        EmptyOperator(task_id=each, dag=dag) for each in ("measure.recommend", "measure.delete", "compare", "verify")
    )
    outcome = ConcludeOperator(task_id="outcome", despite="compare", dag=dag)
    recommend >> compare >> verify >> outcome
    delete >> outcome
    run.states.update({"measure.recommend_1": "failed", "compare": "success"})
    context: Any = {"ti": FakeTaskInstance(run, "outcome")}
    assert failures_before(outcome, context, "compare") == ()
    run.states["compare"] = "failed"
    told = [str(failure) for failure in failures_before(outcome, context, "compare")]
    assert [each.split(":")[0] for each in told] == ["measure.recommend[1]", "compare"]
    # An endpoint that was not deleted costs money, whatever has won.
    run.states.update({"compare": "success", "measure.delete_0": "failed"})
    assert [failure.task for failure in failures_before(outcome, context, "compare")] == ["measure.delete[0]"]

"""Every operator, killed at each of its calls in turn, before and after it took effect: the next try ends as if nothing
had happened, and what can only be made once is made once.
"""

from __future__ import annotations

import copy
import functools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sluice.operators
from airflow.sdk import DAG, BaseOperator
from sluice.deployment_errors import DeploymentFailed, DeploymentRolledBack
from sluice.errors import BatchFailed, BenchmarkFailed, CandidatesFailed, PackageFailed, SluiceError
from sluice.operators.autoscale import AutoscaleOperator
from sluice.operators.base import SluiceOperator
from sluice.operators.batch_transform import BatchTransformOperator
from sluice.operators.check_batch import CheckBatchOperator
from sluice.operators.choose_candidate import ChooseCandidateOperator
from sluice.operators.choose_version import ChooseVersionOperator
from sluice.operators.compare import CompareOperator
from sluice.operators.create_model import CreateModelOperator
from sluice.operators.delete_endpoint import DeleteEndpointOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.find_twin import FindTwinOperator
from sluice.operators.find_version import FindVersionOperator
from sluice.operators.housekeep import HousekeepOperator
from sluice.operators.judge import JudgeOperator
from sluice.operators.list_candidates import ListCandidatesOperator
from sluice.operators.open_promotion import OpenPromotionOperator
from sluice.operators.preflight import PreflightOperator
from sluice.operators.promote import PromoteOperator
from sluice.operators.read_event import ReadEventOperator
from sluice.operators.recommend import RecommendOperator
from sluice.operators.record_rollback import RecordRollbackOperator
from sluice.operators.register_package import RegisterPackageOperator
from sluice.operators.reject import RejectOperator
from sluice.operators.report import ReportOperator
from sluice.operators.verify import VerifyOperator
from sluice.operators.withdraw import WithdrawOperator
from sluice.specs.pipeline import Stage

from tests.fakes.candidates import a_candidate, aws_with_artifacts, given
from tests.fakes.mortality import Death, MortalRun
from tests.fakes.sagemaker_api import FakeAws, failed_job
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws

BASE: dict[str, Any] = {
    "batch": {
        "input": "s3://models/in/",
        "output": "s3://models/out",
        "instance_type": "ml.m5.large",
        "accept": "text/csv",
    },
    "production__autoscaling": {"min_per_minute": 600, "max_per_minute": 6000},
}
OLD = a_candidate(a_spec(**BASE))
NEW = a_candidate(a_spec(**BASE, containers__0__image="new:2", production__instance_type="ml.c5.xlarge"))
STAGED = NEW.names.config(Stage.STAGING)
ONCE = ("create_", "update_endpoint", "delete_", "stop_", "deregister_")
"""Calls of which each counts. The others put again what may be there: approval, evidence, bounds, policies."""
OF_THIS_TRY = {"created", "deleted", "found", "unused"}
"""Members of results that say what this try did or found, not what there is."""


def task(kind: type[Any], candidate: Any = NEW, **more: Any) -> Callable[[], BaseOperator]:
    """Makes the operator anew, as every try does."""
    takes = {**given(candidate), **more} if candidate else more
    return lambda: kind(task_id="the_task", dag=DAG("a_dag", schedule=None), **takes)


@functools.cache
def _a_world() -> tuple[FakeAws, dict[str, Any]]:
    """The old candidate on staging and in production, which is scaled, measured and judged; what tasks came to."""
    aws = aws_with_artifacts(OLD.spec)
    aws.objects["s3://models/in/a.csv"] = b"1,2\n"
    run, results = DagRunOnFakeAws(aws), {}
    results["registered"] = run.run(task(RegisterPackageOperator, OLD)())
    arn = {"package_arn": results["registered"]["package_arn"]}
    run.run(task(CreateModelOperator, OLD, **arn)())
    run.run(task(DeployEndpointOperator, OLD, stage="staging")())
    job = {"job": run.run(task(RecommendOperator, OLD, **arn)())["job"]}
    results["judged"] = run.run(task(JudgeOperator, OLD, **arn, **job)())
    run.run(task(PromoteOperator, OLD, **arn, reason="ok")())
    results["scaled"] = run.run(task(AutoscaleOperator, None, pipeline=OLD.spec, **job)())
    results["batch"] = run.run(task(BatchTransformOperator, OLD)())
    return aws, {**results, **arn, **job}


def came_to(name: str) -> Any:
    return _a_world()[1][name]


@dataclass(frozen=True)
class Case:
    """One operator in one situation. `ends` is the error that it raises, also when nobody is killed."""

    make: Callable[[], BaseOperator]
    before: Callable[[FakeAws], object] = lambda aws: None
    ends: type[SluiceError] | None = None


def _slow_registry(aws: FakeAws, ending: str = "Completed") -> None:
    aws.package_status, aws.package_ending = "InProgress", ending


def _failed_endpoint(aws: FakeAws) -> None:
    aws.endpoints["iris-staging"]["EndpointStatus"] = "Failed"


def _year_later(aws: FakeAws) -> None:
    """An endpoint, a config and a model are left over; none becomes unused because another has gone."""
    aws.touched["iris-staging"] = datetime.now(UTC)
    tags = aws.endpoints["iris-staging"]["Tags"]
    aws.endpoints["left-staging"] = {**aws.endpoints["iris-staging"], "EndpointConfigName": "by-hand", "Tags": tags}
    aws.configs["by-hand"] = {"ProductionVariants": [], "Tags": []}
    aws.packages[came_to("package_arn")]["ModelApprovalStatus"] = "Rejected"
    aws.create_model(ModelName="iris-0123456789ab", Tags=aws.models[OLD.names.model]["Tags"])
    aws.create_endpoint_config(
        EndpointConfigName="iris-staging-0123456789ab",
        ProductionVariants=[{"ModelName": "iris-0123456789ab"}],
        Tags=aws.models[OLD.names.model]["Tags"],
    )


def _cases() -> Iterator[tuple[str, Case]]:
    arn, job = {"package_arn": came_to("package_arn")}, {"job": came_to("job")}
    told = {"registered": came_to("registered"), "judged": came_to("judged")}
    spec: dict[str, Any] = {"candidate": None, "pipeline": NEW.spec}
    stage = functools.partial(task, DeployEndpointOperator, stage="staging")
    yield "preflight", Case(task(PreflightOperator, **spec))
    yield "list_candidates", Case(task(ListCandidatesOperator, **spec, candidates={"a": {}, "b": {}}))
    # What it does with candidates that were judged is in test_candidates.py, a second try too.
    nobody = [{"name": "a", "endpoint": "iris-staging-a"}]
    choose = task(ChooseCandidateOperator, None, candidates=nobody, group="measure")
    yield "choose_candidate", Case(choose, ends=CandidatesFailed)
    yield "read_event", Case(task(ReadEventOperator, **spec, request={}))
    yield "register", Case(task(RegisterPackageOperator))
    yield "register, slowly", Case(task(RegisterPackageOperator), _slow_registry)
    yield (
        "register in vain",
        Case(task(RegisterPackageOperator), lambda aws: _slow_registry(aws, "Failed"), PackageFailed),
    )
    yield "create_model", Case(task(CreateModelOperator, OLD, **arn), lambda aws: aws.models.clear())
    yield "create staging", Case(stage(), lambda aws: aws.endpoints.pop("iris-staging"))
    yield "update staging", Case(stage())
    yield "make staging anew", Case(stage(), _failed_endpoint)
    yield "update staging, waiting in the worker", Case(stage(deferrable=False))
    yield (
        "roll staging back",
        Case(stage(), lambda aws: aws.broken_configs.update({STAGED: None}), DeploymentRolledBack),
    )
    yield (
        "create staging in vain",
        Case(
            stage(),
            lambda aws: (aws.endpoints.pop("iris-staging"), aws.broken_configs.update({STAGED: "no ping"})),
            DeploymentFailed,
        ),
    )
    yield "promote, with another instance type", Case(task(PromoteOperator, **arn, reason="ok"))
    yield "recommend", Case(task(RecommendOperator, **arn))
    yield (
        "recommend in vain",
        Case(task(RecommendOperator, **arn), lambda aws: aws.job_results.append(failed_job("500")), BenchmarkFailed),
    )
    yield "recommend, after a failure", Case(task(RecommendOperator, **arn), _failed_before)
    yield "transform", Case(task(BatchTransformOperator))
    yield (
        "transform in vain",
        Case(
            task(BatchTransformOperator),
            lambda aws: aws.transform_endings.append({"TransformJobStatus": "Failed", "FailureReason": "row 2"}),
            BatchFailed,
        ),
    )
    yield "judge", Case(task(JudgeOperator, OLD, **arn, **job))
    yield "verify", Case(task(VerifyOperator, OLD, **arn))
    yield "autoscale", Case(task(AutoscaleOperator, None, pipeline=OLD.spec, **job))
    yield (
        "reject",
        Case(task(RejectOperator, None, **{**told, "judged": {"opens_gate": False, "reason": "slow"}})),
    )
    yield "report", Case(task(ReportOperator, OLD, **told))
    yield "choose_version", Case(task(ChooseVersionOperator, **spec, **arn))
    yield "find_version", Case(task(FindVersionOperator, **spec))
    yield "withdraw", Case(task(WithdrawOperator, None, **arn, reason="slow"))
    left = {"package_arn": arn["package_arn"], "version": 1, "leaves": arn["package_arn"], "config": "c", "fleet": None}
    yield "record_rollback", Case(task(RecordRollbackOperator, **spec, reason="slow", chosen=left))
    yield "find_twin", Case(task(FindTwinOperator, **spec))
    yield "compare", Case(task(CompareOperator, OLD, **arn, **job))
    found = dict.fromkeys(("job", "instance_types", "evidence_uri", "evidence_sha256"), "x")
    yield (
        "open_promotion",
        Case(task(OpenPromotionOperator, **spec, compared={**found, **arn, "findings": ["drift"], "reason": "slow"})),
    )
    yield "check_batch", Case(task(CheckBatchOperator, OLD, job=came_to("batch")["job"]))
    yield "housekeep", Case(task(HousekeepOperator, None, older_than_days="30", is_dry_run="false"), _year_later)
    yield "delete_endpoint", Case(task(DeleteEndpointOperator, None, endpoint="iris-staging"))


def _failed_before(aws: FakeAws) -> None:
    """In another DAG run, of which this one knows nothing."""
    aws.job_results.append(failed_job("500"))
    with pytest.raises(BenchmarkFailed):
        DagRunOnFakeAws(aws).run(task(RecommendOperator, package_arn=came_to("package_arn"))())


CASES = dict(_cases())


class ThatDay(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("withdraw", "record_rollback", "findings"):
        monkeypatch.setattr(f"sluice.operators.{module}.datetime", ThatDay)


@dataclass(frozen=True)
class Outcome:
    result: Any
    made: Counter[str]
    world: dict[str, Any]


KEPT = (
    "groups", "packages", "models", "configs", "endpoints", "jobs", "transforms", "objects", "scalable_targets",
    "scaling_policies", "deployments",
)  # fmt: skip


def lived(case: Case, death: Death, *, meanwhile: bool = False) -> tuple[Outcome, MortalRun]:
    aws = copy.deepcopy(_a_world()[0])
    case.before(aws)
    aws.calls.clear()
    run = MortalRun(aws, death, meanwhile=meanwhile)
    try:
        result = run.run_to_the_end(case.make)
        assert case.ends is None, "it should have failed"
    except SluiceError as error:
        assert type(error) is case.ends, error
        result = str(error)
    aws.settle()
    for endpoint in aws.endpoints.values():
        endpoint.pop("LastModifiedTime", None)
    if isinstance(result, dict):
        result = {key: value for key, value in result.items() if key not in OF_THIS_TRY}
    made = Counter(call for call in aws.calls if call.startswith(ONCE))
    return Outcome(result, made, {kept: getattr(aws, kept) for kept in KEPT}), run


@pytest.mark.parametrize("name", CASES)
def test_the_next_try_ends_as_if_nobody_had_been_killed(name: str) -> None:
    case, alive = CASES[name], Death()
    undisturbed, _ = lived(case, alive)
    for at in range(1, alive.calls + 1):
        for after in (False, True):
            for meanwhile in (False, True):
                outcome, run = lived(case, Death(at, after=after), meanwhile=meanwhile)
                told = f"killed {'after' if after else 'before'} call {at} of {alive.calls}, {run.tries} tries"
                assert outcome.result == undisturbed.result, told
                assert outcome.made == undisturbed.made, told
                assert outcome.world == undisturbed.world, told


# One calls nothing on AWS. The other sets approvals only, which may be set again; its group of mapped tasks has its
# own tests, in test_candidates.
WITHOUT_A_CASE = {ListCandidatesOperator, ChooseCandidateOperator}


def test_every_operator_is_here() -> None:
    files = Path(next(iter(sluice.operators.__path__))).glob("*.py")
    modules = [import_module(f"sluice.operators.{path.stem}") for path in files if path.stem != "__init__"]
    kinds = {
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, SluiceOperator) and kind.__module__ == module.__name__
    }
    inner = {base for kind in kinds for base in kind.__mro__[1:]}
    here = {type(case.make()) for case in CASES.values()}
    assert kinds - inner - WITHOUT_A_CASE <= here, "give each a case above"

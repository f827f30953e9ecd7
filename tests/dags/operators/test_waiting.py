"""What every waiting operator does alike: in the worker or the triggerer, when the time is up, when it is killed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk.bases.operator import TRIGGER_FAIL_REPR, TriggerFailureReason
from airflow.sdk.exceptions import TaskDeferred
from sluice.deployment_errors import DeploymentFailed, EndpointNotDeleted
from sluice.errors import BatchFailed, BenchmarkFailed, PackageFailed, SluiceError, WaitRefused
from sluice.operators.batch_transform import BatchTransformOperator
from sluice.operators.delete_endpoint import DeleteEndpointOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.promote import PromoteOperator
from sluice.operators.recommend import RecommendOperator
from sluice.operators.register_package import RegisterPackageOperator
from sluice.operators.waiting import WaitingOperator
from sluice.waiting.polling import Pace
from sluice.waiting.remote_work import JOBS

from tests.fakes.candidates import a_candidate, given
from tests.fakes.sagemaker_api import FakeAws, FakeHook, refusal
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws
from tests.fakes.triggerer import EPOCH_S

BATCH = {"input": "s3://models/in/", "output": "s3://models/out", "instance_type": "ml.m5.large", "accept": "text/csv"}
CANDIDATE = a_candidate(a_spec(batch=BATCH))
GIVEN = given(CANDIDATE)


def an_aws() -> FakeAws:
    aws = FakeAws()
    aws.objects["s3://models/in/a.csv"] = b"1,2\n"
    aws.create_endpoint(EndpointName="old", EndpointConfigName="old")
    aws.settle()
    aws.package_status = "InProgress"
    aws.create_model_package(ModelPackageGroupName="other", ClientToken="other", ModelPackageDescription="")
    return aws


ARN = next(iter(an_aws().packages))
MAKERS: dict[str, Callable[..., WaitingOperator]] = {
    "register": lambda **more: RegisterPackageOperator(task_id="t", **GIVEN, **more),
    "deploy": lambda **more: DeployEndpointOperator(task_id="t", stage="staging", **GIVEN, **more),
    "delete": lambda **more: DeleteEndpointOperator(task_id="t", endpoint="old", **more),
    "promote": lambda **more: PromoteOperator(task_id="t", package_arn=ARN, reason="r", **GIVEN, **more),
    "recommend": lambda **more: RecommendOperator(task_id="t", package_arn=ARN, **GIVEN, **more),
    "transform": lambda **more: BatchTransformOperator(task_id="t", **GIVEN, **more),
}
TOO_LATE: dict[str, type[SluiceError]] = {
    "register": PackageFailed,
    "deploy": DeploymentFailed,
    "delete": EndpointNotDeleted,
    "promote": DeploymentFailed,
    "recommend": BenchmarkFailed,
    "transform": BatchFailed,
}
every = pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in MAKERS.items()])


def stops(aws: FakeAws) -> list[str]:
    return [call for call in aws.calls if call.startswith("stop_")]


def test_all_operators_that_wait_are_here() -> None:
    made = {type(make()) for make in MAKERS.values()}
    assert {each for each in _below(WaitingOperator) if each.__module__ not in ABSTRACT} == made


def _below(cls: type[Any]) -> set[type[Any]]:
    return {cls, *(each for sub in cls.__subclasses__() for each in _below(sub))}


ABSTRACT = {"sluice.operators.waiting", "sluice.operators.job"}


@every
def test_waiting_in_the_worker_comes_to_the_same_as_in_the_triggerer(make: Callable[..., WaitingOperator]) -> None:
    there, here = DagRunOnFakeAws(an_aws()), DagRunOnFakeAws(an_aws())
    assert there.run(make(deferrable=True)) == here.run(make(deferrable=False))
    assert there.aws.calls == here.aws.calls
    assert len(there.waits) == 1 and here.waits == []


@pytest.mark.parametrize("deferrable", [True, False])
@pytest.mark.parametrize("name", list(MAKERS))
def test_what_takes_too_long_is_stopped_where_it_can_be(name: str, deferrable: bool) -> None:
    aws = an_aws()
    operator = MAKERS[name](deferrable=deferrable, timeout_s=60)
    with pytest.raises(TOO_LATE[name], match=r"in time|still"):
        DagRunOnFakeAws(aws).run(operator, time_out=True)
    assert stops(aws) == ([JOBS[operator.kind].stop] if operator.kind in JOBS else [])


@every
def test_airflows_execution_timeout_bounds_the_wait_in_the_triggerer_too(make: Callable[..., WaitingOperator]) -> None:
    run = DagRunOnFakeAws(an_aws())
    run.run(make(deferrable=True, execution_timeout=timedelta(seconds=40), timeout_s=3000))
    assert run.waits[0].wait.pace.timeout_s == 40


@every
def test_a_worker_that_is_killed_while_it_waits_stops_the_job(make: Callable[..., WaitingOperator]) -> None:
    aws, operator = an_aws(), make(deferrable=False)
    killed = []

    def sleep(pause_s: float) -> None:
        killed.append(pause_s)
        operator.on_kill()  # as the task runner's signal handler does
        operator.on_kill()
        aws.settle()

    run = DagRunOnFakeAws(aws)
    run.before_start = lambda waiting: setattr(waiting, "sleep", sleep)
    try:
        run.run(operator)
    except SluiceError as error:
        assert operator.kind in JOBS and ("STOPPED" in str(error) or "Stopped" in str(error))
    assert len(stops(aws)) == (1 if operator.kind in JOBS else 0) and killed


@every
def test_killing_a_task_before_it_starts_anything_stops_nothing(make: Callable[..., WaitingOperator]) -> None:
    aws, operator = an_aws(), make()
    operator.__dict__["hook"] = FakeHook(aws)
    operator.on_kill()
    assert stops(aws) == []


def test_a_job_that_was_being_created_when_the_kill_came_is_stopped() -> None:
    aws, operator = an_aws(), MAKERS["recommend"]()
    create = aws.create_inference_recommendations_job

    def and_killed(**request: Any) -> Any:
        operator.on_kill()
        return create(**request)

    aws.create_inference_recommendations_job = and_killed  # type: ignore[method-assign]
    with pytest.raises(BenchmarkFailed, match="STOPPED"):
        DagRunOnFakeAws(aws).run(operator)
    assert len(stops(aws)) == 1


def test_a_job_is_watched_since_aws_made_it_however_late_somebody_comes() -> None:
    aws = an_aws()
    aws.job_began = EPOCH_S - 1000
    aws.create_inference_recommendations_job(JobName=CANDIDATE.names.job(), InputConfig={"Endpoints": [{}]})
    run = DagRunOnFakeAws(aws)
    run.run(MAKERS["recommend"](timeout_s=2000))
    assert run.waits[0].wait.since == EPOCH_S - 1000
    late = an_aws()
    late.job_began = EPOCH_S - 3000
    late.create_inference_recommendations_job(JobName=CANDIDATE.names.job(), InputConfig={"Endpoints": [{}]})
    with pytest.raises(BenchmarkFailed, match="in time"):
        DagRunOnFakeAws(late).run(MAKERS["recommend"](timeout_s=2000))
    assert len(stops(late)) == 1


@pytest.mark.parametrize("name", list(MAKERS))
def test_a_wait_that_no_triggerer_takes_up_is_concluded_by_a_worker(name: str) -> None:
    error = {"error": TriggerFailureReason.TRIGGER_TIMEOUT}
    context: Any = DagRunOnFakeAws(aws := an_aws()).context("t")

    def resumed() -> Any:
        operator = MAKERS[name](deferrable=True)
        operator.__dict__["hook"] = FakeHook(aws)
        return operator.resume_execution(TRIGGER_FAIL_REPR, error, context)

    first = MAKERS[name](deferrable=True)
    first.__dict__["hook"] = FakeHook(aws)
    with pytest.raises(TaskDeferred) as deferred:
        first.execute(context)
    assert deferred.value.timeout is not None and deferred.value.timeout > timedelta(seconds=first.patience_s)
    with pytest.raises(TOO_LATE[name]):
        resumed()
    done = an_aws()
    DagRunOnFakeAws(done).run(MAKERS[name]())
    aws = done
    assert resumed()


def test_a_triggerer_that_may_not_look_is_told_apart_from_work_that_failed() -> None:
    aws = an_aws()
    run, operator = DagRunOnFakeAws(aws), MAKERS["recommend"]()
    told = {"name": CANDIDATE.names.job(), "how": "refused", "looks": 1, "message": "AccessDenied"}
    aws.create_inference_recommendations_job(JobName=CANDIDATE.names.job(), InputConfig={"Endpoints": [{}]})
    operator.__dict__["hook"] = FakeHook(aws)
    with pytest.raises(WaitRefused, match="which goes on: AccessDenied"):
        operator.resume_execution("when_finished", {"event": told}, run.context("t"))
    assert stops(aws) == []
    aws.settle()
    assert operator.resume_execution("when_finished", {"event": told}, run.context("t"))["status"] == "COMPLETED"


def test_throttling_does_not_end_a_wait_in_the_worker() -> None:
    aws = an_aws()
    describe, failures = aws.describe_inference_recommendations_job, [1, 1, 1]

    def throttled(JobName: str) -> Any:
        if JobName in aws.jobs and failures:
            failures.pop()
            raise refusal("DescribeInferenceRecommendationsJob", "ThrottlingException", "Rate exceeded")
        return describe(JobName)

    aws.describe_inference_recommendations_job = throttled  # type: ignore[method-assign]
    assert DagRunOnFakeAws(aws).run(MAKERS["recommend"](deferrable=False))["status"] == "COMPLETED"
    assert failures == []


def test_what_a_template_gives_is_text_and_does_as_a_number() -> None:
    run = DagRunOnFakeAws(an_aws())
    run.run(MAKERS["recommend"](timeout_s="90", poll_s="2"))
    assert run.waits[0].wait.pace == Pace(expected_s=2700, timeout_s=90, least_s=2)
    for name, make in MAKERS.items():
        assert {"poll_s", "timeout_s", "botocore_config", "verify", "region_name"} <= set(make().template_fields), name

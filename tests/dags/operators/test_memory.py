"""What a task remembers of its earlier tries, what a person's clearing makes of that, and how it goes without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse
from sluice.deployment_errors import DeploymentRolledBack
from sluice.errors import BenchmarkFailed
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.recommend import RecommendOperator
from sluice.refusals.errors import ServiceBusy
from sluice.specs.pipeline import Stage

from tests.fakes.candidates import a_candidate, given
from tests.fakes.sagemaker_api import FakeAws, failed_job, refusal
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws

OLD, NEW = a_candidate(), a_candidate(a_spec(containers__0__image="new:2"))
STAGED = NEW.names.config(Stage.STAGING)
CREATE = "create_inference_recommendations_job"


def recommend(**more: Any) -> RecommendOperator:
    return RecommendOperator(task_id="recommend", package_arn="arn:v1", **given(NEW), **more)


def deploy(candidate: Any = NEW) -> DeployEndpointOperator:
    return DeployEndpointOperator(task_id="deploy", stage="staging", **given(candidate))


def failing_job() -> FakeAws:
    aws = FakeAws()
    aws.job_results = [failed_job("500")]
    return aws


def failing_update() -> FakeAws:
    aws = FakeAws()
    DagRunOnFakeAws(aws).run(deploy(OLD))
    aws.calls.clear()
    aws.broken_configs[STAGED] = None
    return aws


BOTH: list[Any] = [
    pytest.param(failing_job, recommend, BenchmarkFailed, CREATE, id="job"),
    pytest.param(failing_update, deploy, DeploymentRolledBack, "update_endpoint", id="deployment"),
]
Make = Callable[[], Any]


@pytest.mark.parametrize(("an_aws", "make", "error", "call"), BOTH)
def test_another_try_reports_the_failure_and_a_person_who_clears_the_task_gets_a_new_one(
    an_aws: Callable[[], FakeAws], make: Make, error: type[Exception], call: str
) -> None:
    run = DagRunOnFakeAws(aws := an_aws())
    for _ in range(2):
        with pytest.raises(error):
            run.run(make())
    assert aws.calls.count(call) == 1
    aws.broken_configs.clear()
    run.max_tries += 3  # as Airflow does when a person clears it
    assert run.run(make())
    assert aws.calls.count(call) == 2


@pytest.mark.parametrize("broken", [True, False])
@pytest.mark.parametrize(("an_aws", "make", "error", "call"), BOTH)
def test_without_a_store_each_try_stands_alone(
    an_aws: Callable[[], FakeAws], make: Make, error: type[Exception], call: str, broken: bool
) -> None:
    class Store:
        def get(self, key: str) -> Any:
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.GENERIC_ERROR, detail={"status_code": 500}))

        def set(self, key: str, value: Any) -> None:
            self.get(key)

    class Run(DagRunOnFakeAws):
        def context(self, *asked: Any) -> Any:
            found = super().context(*asked)
            return {**found, "task_state_store": Store() if broken else None}

    run = Run(aws := an_aws())
    with pytest.raises(error):
        run.run(make())
    aws.broken_configs.clear()
    assert run.run(make())
    assert aws.calls.count(call) == 2


def test_an_update_that_aws_has_refused_is_not_taken_for_one_that_was_rolled_back() -> None:
    aws = FakeAws()
    DagRunOnFakeAws(aws).run(deploy(OLD))
    run, update = DagRunOnFakeAws(aws), aws.update_endpoint

    def somebody_was_faster(**request: Any) -> Any:
        update("iris-staging", "by-hand")
        raise refusal("UpdateEndpoint", "ValidationException", 'Cannot update in-progress endpoint "arn".')

    aws.update_endpoint = somebody_was_faster  # type: ignore[assignment, method-assign]
    with pytest.raises(ServiceBusy):
        run.run(deploy())
    aws.update_endpoint = update  # type: ignore[method-assign]
    aws.settle()
    assert run.run(deploy())["config"] == STAGED


def test_a_job_that_was_stopped_for_the_time_is_not_measured_again_by_another_try() -> None:
    run = DagRunOnFakeAws(aws := FakeAws())
    for _ in range(2):
        with pytest.raises(BenchmarkFailed, match="in time"):
            run.run(recommend(timeout_s=60), time_out=True)
        aws.settle()
    assert aws.calls == [CREATE, "stop_inference_recommendations_job"]


def test_a_job_that_somebody_has_stopped_is_measured_again() -> None:
    run = DagRunOnFakeAws(aws := FakeAws())
    aws.job_results = [{"Status": "STOPPED"}]
    with pytest.raises(BenchmarkFailed, match="STOPPED"):
        run.run(recommend())
    assert run.run(recommend())["job"] == NEW.names.job(2)

from __future__ import annotations

import pytest
from sluice.errors import BenchmarkFailed
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.recommend import RecommendOperator
from sluice.refusals.errors import RequestInvalid
from sluice.waiting.remote_work import Kind

from tests.fakes.candidates import a_candidate, given
from tests.fakes.sagemaker_api import ARN, FakeAws, failed_job
from tests.fakes.task_run import DagRunOnFakeAws

CANDIDATE = a_candidate()
ENDPOINT = {"EndpointName": "iris-staging", "EndpointArn": f"{ARN}:endpoint/iris-staging", "EndpointConfigName": "c"}
CREATE, STOP = "create_inference_recommendations_job", "stop_inference_recommendations_job"


def recommend() -> RecommendOperator:
    return RecommendOperator(task_id="recommend", package_arn="arn:v1", timeout_s=60, **given(CANDIDATE))


def test_a_job_on_the_staging_endpoint_with_the_package() -> None:
    aws = FakeAws()
    result = DagRunOnFakeAws(aws).run(recommend())
    assert result["job"] == CANDIDATE.names.job() and result["status"] == "COMPLETED"
    job = aws.jobs[result["job"]]["InputConfig"]
    assert job == {"ModelPackageVersionArn": "arn:v1", "Endpoints": [{"EndpointName": "iris-staging"}]}


def test_a_completed_job_is_not_run_again() -> None:
    aws = FakeAws()
    assert DagRunOnFakeAws(aws).run(recommend()) == DagRunOnFakeAws(aws).run(recommend())
    assert aws.calls == [CREATE]


def test_a_task_that_lost_its_worker_takes_up_its_job() -> None:
    aws = FakeAws()
    aws.create_inference_recommendations_job(JobName=CANDIDATE.names.job(), InputConfig={"Endpoints": [{}]})
    DagRunOnFakeAws(aws).run(recommend())
    assert aws.calls == [CREATE]


def test_a_failed_job_says_why_and_the_next_run_makes_another_attempt() -> None:
    aws = FakeAws()
    aws.job_results = [failed_job("the container answered 500")]
    with pytest.raises(BenchmarkFailed, match="the container answered 500"):
        DagRunOnFakeAws(aws).run(recommend())
    assert DagRunOnFakeAws(aws).run(recommend())["job"] == CANDIDATE.names.job(2)
    assert DagRunOnFakeAws(aws).run(recommend())["job"] == CANDIDATE.names.job(2)
    assert aws.calls == [CREATE, CREATE]


def test_a_job_that_takes_too_long_is_stopped() -> None:
    aws = FakeAws()
    with pytest.raises(BenchmarkFailed, match="stopped"):
        DagRunOnFakeAws(aws).run(recommend(), time_out=True)
    assert aws.calls == [CREATE, STOP]


@pytest.fixture
def maintained() -> FakeAws:
    """Staging serves the candidate, and AWS maintains the endpoint."""
    aws = FakeAws()
    deployment = DeployEndpointOperator(task_id="deploy_staging", stage="staging", **given(CANDIDATE))
    DagRunOnFakeAws(aws).run(deployment)
    aws.endpoints["iris-staging"]["EndpointStatus"] = "SystemUpdating"
    aws.calls.clear()
    return aws


@pytest.mark.parametrize("deferrable", [True, False])
def test_an_endpoint_that_aws_maintains_is_waited_for(maintained: FakeAws, deferrable: bool) -> None:
    operator = recommend()
    operator.deferrable = deferrable
    run = DagRunOnFakeAws(maintained)
    assert run.run(operator)["status"] == "COMPLETED"
    assert maintained.calls == [CREATE]
    assert [trigger.wait.kind for trigger in run.waits] == (
        [Kind.ENDPOINT, Kind.RECOMMENDATION_JOB] if deferrable else []
    )


def test_an_endpoint_that_is_not_free_in_time_fails_the_task_and_says_so(maintained: FakeAws) -> None:
    with pytest.raises(BenchmarkFailed, match="iris-staging was not over after 60 s, so nothing could be measured"):
        DagRunOnFakeAws(maintained).run(recommend(), time_out=True)
    assert maintained.calls == []


def test_a_request_that_is_wrong_is_not_tried_for_ever() -> None:
    aws = FakeAws()
    aws.endpoints["iris-staging"] = {**ENDPOINT, "EndpointStatus": "Failed"}
    with pytest.raises(RequestInvalid):
        DagRunOnFakeAws(aws).run(recommend())

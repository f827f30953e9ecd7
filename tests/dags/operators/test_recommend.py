from __future__ import annotations

import pytest
from sluice.errors import BenchmarkFailed
from sluice.operators.recommend import RecommendOperator

from tests.fakes.candidates import a_candidate, given
from tests.fakes.sagemaker_api import FakeAws, failed_job
from tests.fakes.task_run import DagRunOnFakeAws

CANDIDATE = a_candidate()
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

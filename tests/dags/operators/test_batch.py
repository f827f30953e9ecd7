"""A batch: which version works, one job for the same objects, and results that are held against their inputs."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from sluice.errors import BatchFailed, BatchIncomplete, NoVersion, SpecError
from sluice.operators.batch_transform import BatchTransformOperator
from sluice.operators.check_batch import CheckBatchOperator
from sluice.operators.find_version import FindVersionOperator
from sluice.requests.batch import StoredObject, batch_work

from tests.dags.operators.test_rollback import promote
from tests.fakes.candidates import a_candidate, aws_with_artifacts, given
from tests.fakes.sagemaker_api import FakeAws, FakeHook
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws

BATCH: dict[str, Any] = {
    "input": "s3://models/in/",
    "output": "s3://models/out",
    "instance_type": "ml.m5.large",
    "accept": "text/csv",
}
CREATE, STOP = "create_transform_job", "stop_transform_job"


def candidate(**changes: Any) -> Any:
    return a_candidate(a_spec(batch={**BATCH, **changes}))


def with_rows(**more: bytes) -> FakeAws:
    aws = FakeAws()
    aws.objects.update(
        {"s3://models/in/a.csv": b"1,2\n3,4\n", "s3://models/in/sub/b.csv": b"5,6", "s3://models/in/sub/": b""}
    )
    return aws


def transform(**changes: Any) -> BatchTransformOperator:
    return BatchTransformOperator(task_id="transform", timeout_s=60, **given(candidate(**changes)))


def check(aws: FakeAws, job: str, **changes: Any) -> Any:
    return DagRunOnFakeAws(aws).run(CheckBatchOperator(task_id="check", job=job, **given(candidate(**changes))))


def test_every_object_has_its_result_and_every_line_its_answer() -> None:
    aws = with_rows()
    done = DagRunOnFakeAws(aws).run(transform())
    assert done["status"] == "Completed"
    job = done["job"]
    assert done["output"] == f"s3://models/out/{job}/"
    assert {uri for uri in aws.objects if "/out/" in uri} == {f"{done['output']}{n}.csv.out" for n in ("a", "sub/b")}
    assert check(aws, job) == {"job": job, "output": done["output"], "objects": 2, "lines": 3}


def test_the_request_is_one_that_aws_takes() -> None:
    work = batch_work(
        (made := candidate()).spec, made.names, "s3://models/in/", [StoredObject("s3://models/in/a", "e", 1)]
    )
    shape = (
        botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateTransformJob").input_shape
    )
    request = work.request(2)
    assert not ParamValidator().validate(request, shape).has_errors()
    assert request["TransformJobName"] == work.job() + "-2"
    assert request["BatchStrategy"] == "MultiRecord" and "MaxPayloadInMB" not in request


def test_the_same_objects_are_transformed_once_and_changed_ones_again() -> None:
    aws = with_rows()
    first = DagRunOnFakeAws(aws).run(transform())
    assert DagRunOnFakeAws(aws).run(transform()) == first
    assert aws.calls.count(CREATE) == 1
    aws.objects["s3://models/in/a.csv"] = b"1,2\n"
    assert DagRunOnFakeAws(aws).run(transform())["job"] != first["job"]
    assert DagRunOnFakeAws(aws).run(transform(instances=2))["job"] != first["job"]
    with pytest.raises(BatchIncomplete, match="has changed since"):
        check(aws, first["job"])


def test_results_that_are_missing_or_short_are_named() -> None:
    aws = with_rows()
    aws.spoiled_results = {"a.csv": b"only one\n", "sub/b.csv": None}
    job = DagRunOnFakeAws(aws).run(transform())["job"]
    with pytest.raises(BatchIncomplete) as refused:
        check(aws, job)
    assert "b.csv has no result" in str(refused.value)
    assert "a.csv has 2 lines" in str(refused.value) and "has 1" in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"accept": "application/json"}, None),
        ({"accept": "application/json", "strategy": "SingleRecord"}, 3),
        ({"accept": "application/jsonlines"}, 3),
        ({"assemble": "None"}, None),
        ({"split": "None"}, None),
    ],
)
def test_lines_are_compared_where_each_record_has_one(changes: dict[str, Any], lines: int | None) -> None:
    aws = with_rows()
    job = DagRunOnFakeAws(aws).run(transform(**changes))["job"]
    assert check(aws, job, **changes)["lines"] == lines


def test_a_failed_job_tells_its_log_and_the_next_run_makes_another_attempt() -> None:
    aws = with_rows()
    aws.transform_endings = [{"TransformJobStatus": "Failed", "FailureReason": "ClientError: see the data-log"}]
    wanted = batch_work(
        (made := candidate()).spec, made.names, "s3://models/in/", FakeHook(aws).list_objects("s3://models/in/")
    )
    aws.log_streams = {
        f"{wanted.job()}/i-1-7/data-log": ["in/a.csv: row 2 is no number"],
        "other/i-1-7/data-log": ["x"],
    }
    with pytest.raises(BatchFailed) as failed:
        DagRunOnFakeAws(aws).run(transform())
    assert "see the data-log" in str(failed.value) and "[data-log] in/a.csv: row 2" in str(failed.value)
    assert failed.value.log_lines == ("[data-log] in/a.csv: row 2 is no number",)
    again = DagRunOnFakeAws(aws).run(transform())
    assert again["job"] == wanted.job(2)
    assert check(aws, again["job"])["objects"] == 2


def test_a_job_that_takes_too_long_is_stopped() -> None:
    aws = with_rows()
    with pytest.raises(BatchFailed, match="stopped"):
        DagRunOnFakeAws(aws).run(transform(), time_out=True)
    assert aws.calls == [CREATE, STOP]


def test_nothing_to_transform_and_nothing_said_about_it() -> None:
    with pytest.raises(SpecError, match="no object under"):
        DagRunOnFakeAws(FakeAws()).run(transform())
    without = BatchTransformOperator(task_id="transform", **given(a_candidate()))
    with pytest.raises(SpecError, match="batch: is missing"):
        DagRunOnFakeAws(FakeAws()).run(without)


def find(aws: FakeAws, **wanted: Any) -> Any:
    return DagRunOnFakeAws(aws).run(FindVersionOperator(task_id="find_version", pipeline=a_spec(), **wanted))


def test_the_newest_approved_version_or_productions_or_the_one_that_is_named() -> None:
    aws = aws_with_artifacts()
    for which in ("approved", "production"):
        with pytest.raises(NoVersion):
            find(aws, which=which)
    first, second = promote(aws, "a:1"), promote(aws, "a:2")
    promote(aws, "a:1")
    assert find(aws)["package_arn"] == second
    assert find(aws, which="production") == {"package_arn": first, "version": 1}
    assert find(aws, package_arn=first)["version"] == 1
    aws.packages[second]["ModelApprovalStatus"] = "Rejected"
    assert find(aws)["package_arn"] == first
    with pytest.raises(NoVersion, match="is Rejected"):
        find(aws, package_arn=second)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"output": "s3://models/in/out"}, "batch.output"),
        ({"split": "None", "strategy": "SingleRecord"}, "batch.strategy"),
        ({"input": "models/in"}, "batch.input"),
        ({"schedule": "often"}, "batch.schedule"),
    ],
)
def test_a_batch_that_cannot_be_is_refused_when_the_spec_is_read(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        candidate(**changes)
    assert refused.value.path == said

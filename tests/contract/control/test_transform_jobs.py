from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from include.sagemaker_local.lifecycle import TransformEvent
from tests.contract.control.conftest import ROLE, Rig
from tests.fakes.transforms import accepted

Refused = Callable[..., tuple[str, str]]
REGION = "us-east-1"
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


def describe(rig: Rig, name: str = "job") -> dict[str, Any]:
    answer: dict[str, Any] = rig.client.describe_transform_job(TransformJobName=name)
    return answer


def test_a_job_is_in_progress_at_once_and_says_what_it_was_asked(rig: Rig) -> None:
    asked: dict[str, Any] = {
        "MaxConcurrentTransforms": 2,
        "MaxPayloadInMB": 1,
        "BatchStrategy": "SingleRecord",
        "Environment": {"A": "1"},
        "ModelClientConfig": {"InvocationsMaxRetries": 1, "InvocationsTimeoutInSeconds": 60},
    }
    assert rig.transform("Job", **asked) == f"{ARN}:transform-job/job"
    assert rig.job_wakes == 1
    described = describe(rig, "Job")
    del described["ResponseMetadata"]
    created = described.pop("CreationTime")
    assert created.timestamp() == rig.clock.now_s()
    assert described == {
        **accepted(TransformJobName="Job", **asked),
        "TransformJobArn": f"{ARN}:transform-job/job",
        "TransformJobStatus": "InProgress",
    }


def test_the_job_keeps_the_models_containers(rig: Rig) -> None:
    rig.transform()
    rig.client.delete_model(ModelName="pipeline")
    record = rig.store.transform_job(REGION, "job")
    assert record is not None
    assert [container.name for container in record.containers] == ["container-1", "container-2"]


def test_times_and_reason_of_a_job_that_failed(rig: Rig) -> None:
    rig.transform()
    rig.clock.advance(1)
    rig.store.move_transform_job(REGION, "job", TransformEvent.BEGIN)
    began_s = rig.clock.now_s()
    assert describe(rig)["TransformStartTime"].timestamp() == began_s
    assert "TransformEndTime" not in describe(rig)
    rig.clock.advance(1)
    rig.store.move_transform_job(REGION, "job", TransformEvent.FAIL, failure_reason="ClientError: no")
    described = describe(rig)
    assert (described["TransformJobStatus"], described["FailureReason"]) == ("Failed", "ClientError: no")
    assert described["TransformStartTime"].timestamp() == began_s
    assert described["TransformEndTime"].timestamp() == rig.clock.now_s()
    (listed,) = rig.client.list_transform_jobs(StatusEquals="Failed")["TransformJobSummaries"]
    assert (listed["FailureReason"], listed["TransformJobName"]) == ("ClientError: no", "job")


def test_stop(rig: Rig, refused: Refused) -> None:
    rig.transform()
    rig.client.stop_transform_job(TransformJobName="job")
    assert rig.job_wakes == 2
    assert describe(rig)["TransformJobStatus"] == "Stopping"
    for event, status in ((None, "Stopping"), (TransformEvent.STOPPED, "Stopped")):
        if event is not None:
            rig.store.move_transform_job(REGION, "job", event)
        assert refused(rig.client.stop_transform_job, TransformJobName="job") == (
            "ValidationException",
            f"The request was rejected because the transform job is in status {status}.",
        )


@pytest.mark.parametrize("operation", ["describe_transform_job", "stop_transform_job"])
def test_an_absent_job_is_a_validation_exception(rig: Rig, refused: Refused, operation: str) -> None:
    code, message = refused(getattr(rig.client, operation), TransformJobName="nope")
    assert (code, message) == ("ValidationException", "Could not find requested job with name: nope")


def test_names_are_unique_for_ever(rig: Rig, refused: Refused) -> None:
    rig.transform()
    rig.store.move_transform_job(REGION, "job", TransformEvent.COMPLETE)
    assert refused(rig.transform, name="JOB") == (
        "ResourceInUse",
        "Transform job names must be unique within an AWS account and region, and a transform job with this name "
        f"already exists ({ARN}:transform-job/job)",
    )


def test_the_model_must_be_there(rig: Rig, refused: Refused) -> None:
    code, message = refused(rig.transform, ModelName="nope")
    assert (code, message) == ("ValidationException", f'Could not find model "{ARN}:model/nope".')


@pytest.mark.parametrize("kind", ["S3Prefix", "ManifestFile"])
@pytest.mark.parametrize("uri", ["s3://in/nope/x", "s3://no-bucket/x"])
def test_there_must_be_something_to_transform(rig: Rig, refused: Refused, kind: str, uri: str) -> None:
    request = accepted(s3={"S3DataType": kind, "S3Uri": uri})
    code, message = refused(rig.transform, TransformInput=request["TransformInput"])
    assert code == "ValidationException"
    assert message == (
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the bucket exists in '
        f'the selected region (us-east-1), that objects exist under that S3 prefix, and that the role "{ROLE}" has '
        f'"s3:ListBucket" permissions on bucket "{uri.split("/")[2]}".'
    )
    assert rig.store.transform_jobs() == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"MaxPayloadInMB": 101}, "MaxPayloadInMB is 101; it cannot be greater than 100."),
        ({"MaxPayloadInMB": 51, "MaxConcurrentTransforms": 2}, "is 102 MB; it cannot exceed 100 MB."),
        ({"s3": {"S3Uri": "https://in/data/"}}, "S3Uri https://in/data/ must begin with s3://"),
        ({"output": {"S3OutputPath": "https://out/x"}}, "S3OutputPath https://out/x must begin with s3://"),
        ({"DataProcessing": {"InputFilter": "nope"}}, "DataProcessing.InputFilter: 'nope' is no JSONPath"),
        ({"DataProcessing": {"InputFilter": "$.a"}}, "InputFilter $.a names a key; the columns of text/csv have"),
        ({"DataProcessing": {"OutputFilter": "$[0]"}}, "OutputFilter needs TransformOutput.Accept to be one of"),
        (
            {"source": {"ContentType": "image/png"}, "DataProcessing": {"InputFilter": "$[0]"}},
            "InputFilter needs TransformInput.ContentType to be one of text/csv, application/json, "
            "application/jsonlines; it is image/png.",
        ),
        ({"DataProcessing": {"JoinSource": "Input"}}, "they are text/csv and None"),
        (
            {"output": {"Accept": "text/csv", "AssembleWith": "None"}, "DataProcessing": {"JoinSource": "Input"}},
            "needs SplitType and AssembleWith to be the same; they are Line, None.",
        ),
        (
            {"source": {"SplitType": "TFRecord"}, "DataProcessing": {"InputFilter": "$[0]"}},
            "InputFilter needs SplitType None or Line; it is TFRecord",
        ),
        ({"BatchStrategy": "Some"}, "Member must satisfy enum value set: [MultiRecord, SingleRecord]"),
        ({"resources": {"InstanceType": "ml.c5.large"}}, "at 'transformResources.instanceType' failed to satisfy"),
        ({"ModelClientConfig": {"InvocationsMaxRetries": 4}}, "Member must have value less than or equal to 3"),
        ({"DataProcessing": {"InputFilter": "$" + "[0]" * 21}}, "Member must have length less than or equal to 63"),
    ],
)
def test_requests_that_cannot_be(rig: Rig, refused: Refused, changes: dict[str, Any], message: str) -> None:
    code, got = refused(rig.transform, **accepted_changes(changes))
    assert (code, message in got) == ("ValidationException", True), got


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"DataCaptureConfig": {"DestinationS3Uri": "s3://b/p"}}, "DataCaptureConfig"),
        ({"ExperimentConfig": {"ExperimentName": "e"}}, "ExperimentConfig"),
        ({"s3": {"S3DataType": "AugmentedManifestFile"}}, "S3DataType AugmentedManifestFile"),
        ({"output": {"KmsKeyId": "key"}}, "KmsKeyId"),
        ({"resources": {"VolumeKmsKeyId": "key"}}, "VolumeKmsKeyId"),
        ({"resources": {"TransformAmiVersion": "v1"}}, "TransformAmiVersion"),
    ],
)
def test_what_is_not_served_is_refused_by_name(
    rig: Rig, refused: Refused, changes: dict[str, Any], member: str
) -> None:
    code, message = refused(rig.transform, **accepted_changes(changes))
    assert (code, member in message) == ("UnsupportedOperation", True)


def accepted_changes(changes: dict[str, Any]) -> dict[str, Any]:
    request = accepted(**changes)
    del request["TransformJobName"]
    return request


def test_list(rig: Rig) -> None:
    for name in ("one", "two"):
        rig.transform(name)
        rig.clock.advance(1)
    rig.store.move_transform_job(REGION, "one", TransformEvent.COMPLETE)
    listed = rig.client.list_transform_jobs()["TransformJobSummaries"]
    assert [(item["TransformJobName"], item["TransformJobStatus"]) for item in listed] == [
        ("two", "InProgress"),
        ("one", "Completed"),
    ]
    pages = rig.client.get_paginator("list_transform_jobs").paginate(PaginationConfig={"PageSize": 1})
    assert list(pages.search("TransformJobSummaries[].TransformJobName")) == ["two", "one"]
    assert rig.client.list_transform_jobs(NameContains="tw")["TransformJobSummaries"][0]["TransformJobName"] == "two"


def test_tags(rig: Rig) -> None:
    arn = rig.transform(Tags=[{"Key": "owner", "Value": "risk"}])
    assert rig.client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "owner", "Value": "risk"}]
    assert "Tags" not in describe(rig)

"""What is not S3: other services, their regions, SageMaker's absence, and failures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from include.sagemaker_local.aws.logs import MAX_EVENTS_PER_STREAM, MotoLogs
from include.sagemaker_local.aws.mount import THREADS, AwsMount
from include.sagemaker_local.aws.s3_archive import S3Archive
from include.sagemaker_local.aws.s3_memory import MotoMemory
from include.sagemaker_local.aws.s3_store import S3Store
from include.sagemaker_local.http1.messages import Request, Response
from tests.fakes.aws_server import ACCOUNT, aws_server, client


def test_sts_iam_and_cloudwatch_answer_for_the_one_account_in_the_signatures_region(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        assert client("sts", url).get_caller_identity()["Account"] == ACCOUNT
        role = client("iam", url).create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]
        assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/r"
        metrics = client("cloudwatch", url, region="eu-west-1")
        metrics.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1.0}])
        assert [metric["MetricName"] for metric in metrics.list_metrics(Namespace="n")["Metrics"]] == ["m"]
        assert client("cloudwatch", url, region="us-east-1").list_metrics(Namespace="n")["Metrics"] == []


def test_log_lines_published_in_process_are_read_with_boto3(tmp_path: Path) -> None:
    group, stream = "/aws/sagemaker/Endpoints/e", "AllTraffic/i-0/label"
    with aws_server(tmp_path) as url:
        sink = MotoLogs(ACCOUNT)
        sink.publish("eu-west-1", group, stream, ["first", "", "second"])
        sink.publish("eu-west-1", group, stream, ["third"])
        logs = client("logs", url, region="eu-west-1")
        events = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
        assert [event["message"] for event in events] == ["first", "second", "third"]
        sink.publish("eu-west-1", group, stream, [str(number) for number in range(MAX_EVENTS_PER_STREAM + 1)])
        events = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
        assert events[0]["message"] == "1"


@pytest.mark.parametrize("operation", ["list_models", "batch_put_metrics"])
def test_sagemaker_is_never_answered_by_moto(tmp_path: Path, operation: str) -> None:
    with aws_server(tmp_path) as url:
        if operation == "list_models":
            call: Callable[..., object] = client("sagemaker", url).list_models
            arguments: dict[str, object] = {}
        else:
            call = client("sagemaker-metrics", url).batch_put_metrics
            data = [{"MetricName": "m", "Timestamp": 0, "Value": 1.0}]
            arguments = {"TrialComponentName": "t", "MetricData": data}
        with pytest.raises(ClientError) as refusal:
            call(**arguments)
        assert refusal.value.response["Error"]["Code"] == "UnknownOperationException"


def test_an_operation_that_moto_lacks_is_refused_by_name(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url, pytest.raises(ClientError) as refusal:
        client("iam", url).generate_service_last_accessed_details(Arn="arn:aws:iam::123456789012:role/role-name")
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_reset_empties_every_service_and_the_disk(tmp_path: Path) -> None:
    def put(target: bytes, body: bytes = b"") -> Request:
        return Request(b"PUT", target, [(b"host", b"127.0.0.1:1")], body)

    async def main() -> None:
        mount = AwsMount(S3Archive(MotoMemory(ACCOUNT), S3Store(tmp_path)), account_id=ACCOUNT)
        await mount.load()
        answers: list[Response] = [await mount.handle(put(b"/bucket")), await mount.handle(put(b"/bucket/k", b"x"))]
        assert [answer.status for answer in answers] == [200, 200]
        await mount.reset()
        assert (await mount.handle(Request(b"HEAD", b"/bucket", [(b"host", b"127.0.0.1:1")]))).status == 404
        mount.close()
        assert S3Store(tmp_path).buckets() == []
        assert list((tmp_path / "blobs").glob("*/*")) == []

    asyncio.run(main())


def test_who_waits_for_messages_holds_nobody_up(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        sqs = client("sqs", url)
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)
        with ThreadPoolExecutor(THREADS + 1) as waiting:
            found = [
                waiting.submit(client("sqs", url).receive_message, QueueUrl=queue, WaitTimeSeconds=20)
                for _ in range(THREADS + 1)
            ]
            client("s3", url).create_bucket(Bucket="meanwhile")
            for number in range(THREADS + 1):
                sqs.send_message(QueueUrl=queue, MessageBody=str(number))
            bodies = {one.result(20)["Messages"][0]["Body"] for one in found}
        assert bodies == {str(number) for number in range(THREADS + 1)}
        with pytest.raises(ClientError, match="WaitTimeSeconds is invalid"):
            sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=21)

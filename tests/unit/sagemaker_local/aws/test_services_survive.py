"""What moto's services hold after the server was killed: one `aws_server` after the other on the same directory."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.iam.models import iam_backends
from moto.logs.models import LogEvent
from moto.moto_api._internal.models import moto_api_backend
from moto.sqs.models import sqs_backends

from include.sagemaker_local.aws.logs import MotoLogs
from include.sagemaker_local.aws.service_archive import ServiceArchive
from include.sagemaker_local.errors import HostError
from tests.fakes.aws_server import ACCOUNT, aws_server, client

TRUST = '{"Version": "2012-10-17", "Statement": []}'
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
FILE = "services.sqlite3"


def roles(url: str) -> list[dict[str, Any]]:
    """By name: moto lists them by their random ids."""
    return sorted(client("iam", url).list_roles()["Roles"], key=lambda role: str(role["RoleName"]))


def refuse_writes(directory: Path) -> None:
    """The disk takes no more pieces, until `take_writes`."""
    with sqlite3.connect(directory / FILE) as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON pieces BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")


def take_writes(directory: Path) -> None:
    with sqlite3.connect(directory / FILE) as db:
        db.execute("DROP TRIGGER full")


def test_roles_and_topics_come_back_as_they_were(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        iam, sns = client("iam", url), client("sns", url, region="eu-west-1")
        iam.create_role(RoleName="sluice", AssumeRolePolicyDocument=TRUST)
        iam.put_role_policy(RoleName="sluice", PolicyName="p", PolicyDocument=POLICY)
        iam.create_role(RoleName="gone", AssumeRolePolicyDocument=TRUST)
        iam.delete_role(RoleName="gone")
        topic = sns.create_topic(Name="done")["TopicArn"]
        sns.publish(TopicArn=topic, Message="to nobody")
        before = roles(url)
    with aws_server(tmp_path) as url:
        assert roles(url) == before
        assert [role["RoleName"] for role in before] == ["sluice"]
        assert client("iam", url).get_role_policy(RoleName="sluice", PolicyName="p")["PolicyDocument"]
        sns = client("sns", url, region="eu-west-1")
        assert sns.list_topics()["Topics"] == [{"TopicArn": topic}]
        sns.publish(TopicArn=topic, Message="again")


def test_queues_come_back_with_their_messages_in_order(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        sqs = client("sqs", url)
        dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
        redrive = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead", "maxReceiveCount": "1"}
        settings = {"VisibilityTimeout": "43200", "RedrivePolicy": json.dumps(redrive)}
        queue = sqs.create_queue(QueueName="jobs", Attributes=settings, tags={"team": "ml"})["QueueUrl"]
        for number in range(6):
            attribute = {"n": {"DataType": "Binary", "BinaryValue": bytes([number])}}
            sqs.send_message(QueueUrl=queue, MessageBody=str(number), MessageAttributes=attribute)
        (done,) = sqs.receive_message(QueueUrl=queue)["Messages"]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=done["ReceiptHandle"])
        (under_way,) = sqs.receive_message(QueueUrl=queue)["Messages"]
        (failed,) = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)["Messages"]
        before = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    with aws_server(tmp_path) as url:
        sqs = client("sqs", url)
        queue, dead = (sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in ("jobs", "dead"))
        assert sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"] == before
        assert sqs.list_queue_tags(QueueUrl=queue)["Tags"] == {"team": "ml"}
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"])["Messages"]
        assert [one["Body"] for one in found] == ["3", "4", "5"]
        assert found[0]["MessageAttributes"]["n"]["BinaryValue"] == b"\x03"
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=under_way["ReceiptHandle"])
        assert [one["Body"] for one in sqs.receive_message(QueueUrl=dead)["Messages"]] == [failed["Body"]]


def test_what_a_topic_hands_to_a_queue_is_kept(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        client("sqs", url).create_queue(QueueName="told")
        sns = client("sns", url)
        topic = sns.create_topic(Name="news")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:told")
        sns.publish(TopicArn=topic, Message="kept")
    with aws_server(tmp_path) as url:
        sqs = client("sqs", url)
        (message,) = sqs.receive_message(QueueUrl=sqs.get_queue_url(QueueName="told")["QueueUrl"])["Messages"]
        assert json.loads(message["Body"])["Message"] == "kept"


def test_log_groups_come_back_with_their_events(tmp_path: Path) -> None:
    now_ms = int(time.time() * 1000)
    place = {"logGroupName": "/a/group", "logStreamName": "a/stream"}

    def shown(url: str) -> list[Any]:
        logs = client("logs", url)
        return [
            logs.describe_log_groups()["logGroups"],
            logs.describe_log_streams(logGroupName="/a/group")["logStreams"],
            logs.get_log_events(**place, startFromHead=True)["events"],
            logs.list_tags_log_group(logGroupName="/a/group")["tags"],
            logs.describe_metric_filters()["metricFilters"],
        ]

    with aws_server(tmp_path) as url:
        logs = client("logs", url)
        logs.create_log_group(logGroupName="/a/group", tags={"team": "ml"})
        logs.create_log_group(logGroupName="gone")
        logs.create_log_stream(logGroupName="gone", logStreamName="s")
        logs.put_log_events(
            logGroupName="gone", logStreamName="s", logEvents=[{"timestamp": now_ms, "message": "not this"}]
        )
        logs.delete_log_group(logGroupName="gone")
        logs.create_log_stream(**place)
        logs.put_retention_policy(logGroupName="/a/group", retentionInDays=7)
        transformation = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
        logs.put_metric_filter(
            logGroupName="/a/group", filterName="f", filterPattern="x", metricTransformations=[transformation]
        )
        for batch in range(3):
            events = [{"timestamp": now_ms + batch, "message": f"{batch}.{number}"} for number in range(2)]
            logs.put_log_events(**place, logEvents=events)
        before = shown(url)
    with aws_server(tmp_path) as url:
        assert shown(url) == before
        assert [one["message"] for one in before[2]] == ["0.0", "0.1", "1.0", "1.1", "2.0", "2.1"]
        client("logs", url).put_log_events(**place, logEvents=[{"timestamp": now_ms + 9, "message": "later"}])
    with aws_server(tmp_path) as url:
        assert [one["message"] for one in shown(url)[2]][-2:] == ["2.1", "later"]


def test_lines_of_containers_come_back_as_far_as_they_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.sagemaker_local.aws.logs.MAX_EVENTS_PER_STREAM", 5)
    path = tmp_path / FILE
    moto_api_backend.reset()  # what other tests have left in this process
    for beginning in (0, 4):
        archive = ServiceArchive(ACCOUNT, path)
        archive.load()
        sink = MotoLogs(ACCOUNT, archive)
        sink.publish("us-east-1", "g", "s", [f"line {beginning + number}" for number in range(2)])
        sink.publish("us-east-1", "g", "s", [f"line {beginning + 2 + number}" for number in range(2)])
        archive.close()
    tracked: Any = LogEvent
    assert tracked.instances_tracked == []  # where moto would hold on to lines that are dropped
    with sqlite3.connect(path) as db:
        written = [json.loads(value)[2] for (value,) in db.execute("SELECT value FROM entries ORDER BY number")]
    assert written == [f"line {number}" for number in range(3, 8)]


def test_of_containers_lines_the_newest_are_taken_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.sagemaker_local.aws.service_archive.MAX_CONTAINER_LINES", 3)
    group = "/aws/sagemaker/Endpoints/e"
    archive = ServiceArchive(ACCOUNT, tmp_path / FILE)
    with aws_server(tmp_path / "another"):  # so that nothing of other tests is in this process
        sink = MotoLogs(ACCOUNT, archive)
        sink.publish("us-east-1", group, "old", ["gone", "gone too"])
        sink.publish("us-east-1", "mine", "s", ["stays"])
        sink.publish("us-east-1", group, "new", ["0", "1", "2"])
    archive.close()
    with aws_server(tmp_path) as url:
        logs = client("logs", url)
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        assert [one["logStreamName"] for one in streams] == ["new"]
        events = logs.get_log_events(logGroupName=group, logStreamName="new", startFromHead=True)["events"]
        assert [one["message"] for one in events] == ["0", "1", "2"]
        assert len(logs.get_log_events(logGroupName="mine", logStreamName="s")["events"]) == 1
        logs.create_log_group(logGroupName="later")
    with sqlite3.connect(tmp_path / FILE) as db:
        assert db.execute("SELECT count(*) FROM pieces WHERE name LIKE '%old%'").fetchone() == (0,)


def test_datapoints_and_dashboards_come_back(tmp_path: Path) -> None:
    def sums(url: str) -> list[Any]:
        found = client("cloudwatch", url).get_metric_statistics(
            Namespace="N",
            MetricName="m",
            Dimensions=[{"Name": "d", "Value": "v"}],
            StartTime=time.time() - 3600,
            EndTime=time.time() + 3600,
            Period=86400,
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        return [(one["Sum"], one["SampleCount"]) for one in found]

    def put(url: str, **value: Any) -> None:
        datum = {"MetricName": "m", "Dimensions": [{"Name": "d", "Value": "v"}], **value}
        client("cloudwatch", url).put_metric_data(Namespace="N", MetricData=[datum])

    with aws_server(tmp_path) as url:
        put(url, Value=1)
        put(url, Values=[2.0, 3.0], Counts=[1000, 1])
        put(url, StatisticValues={"SampleCount": 2, "Sum": 10, "Minimum": 4, "Maximum": 6})
        client("cloudwatch", url).put_dashboard(DashboardName="board", DashboardBody="{}")
        assert sums(url) == [(2014.0, 1004.0)]
    with sqlite3.connect(tmp_path / FILE) as db:
        assert db.execute("SELECT count(*) FROM entries").fetchone() == (4,)
    with aws_server(tmp_path) as url:
        assert sums(url) == [(2014.0, 1004.0)]
        assert client("cloudwatch", url).list_dashboards()["DashboardEntries"][0]["DashboardName"] == "board"
        put(url, Value=1)
    with aws_server(tmp_path) as url:
        assert sums(url) == [(2015.0, 1005.0)]


def test_datapoints_of_another_month_are_dropped(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        for name, age_s in (("old", 16 * 86400), ("new", 60)):
            datum = {"MetricName": name, "Value": 1, "Timestamp": time.time() - age_s}
            client("cloudwatch", url).put_metric_data(Namespace="N", MetricData=[datum])
    with aws_server(tmp_path) as url:
        assert [one["MetricName"] for one in client("cloudwatch", url).list_metrics()["Metrics"]] == ["new"]
        client("cloudwatch", url).put_metric_data(Namespace="N", MetricData=[{"MetricName": "newer", "Value": 1}])
    with sqlite3.connect(tmp_path / FILE) as db:
        names = [json.loads(value)["name"] for (value,) in db.execute("SELECT value FROM entries ORDER BY number")]
    assert names == ["new", "newer"]


def test_services_that_nobody_has_thought_of_are_kept_too(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        kms = client("kms", url)
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        sealed = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
        client("secretsmanager", url).create_secret(Name="s", SecretString="hush")
        client("events", url).put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
        table: Any = {"AttributeName": "k", "AttributeType": "S"}, {"AttributeName": "k", "KeyType": "HASH"}
        client("dynamodb", url).create_table(
            TableName="t", AttributeDefinitions=[table[0]], KeySchema=[table[1]], BillingMode="PAY_PER_REQUEST"
        )
        client("dynamodb", url).put_item(TableName="t", Item={"k": {"S": "a"}, "n": {"N": "1.5"}})
        # This one changes another, S3.
        client("s3", url).create_bucket(Bucket="stream")
        destination = {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/r", "BucketARN": "arn:aws:s3:::stream"}
        firehose = client("firehose", url)
        firehose.create_delivery_stream(DeliveryStreamName="f", S3DestinationConfiguration=destination)
        firehose.put_record(DeliveryStreamName="f", Record={"Data": b"delivered"})
    with aws_server(tmp_path) as url:
        assert client("kms", url).decrypt(CiphertextBlob=sealed)["Plaintext"] == b"secret"
        assert client("secretsmanager", url).get_secret_value(SecretId="s")["SecretString"] == "hush"
        assert [rule["Name"] for rule in client("events", url).list_rules()["Rules"]] == ["nightly"]
        item = client("dynamodb", url).get_item(TableName="t", Key={"k": {"S": "a"}})["Item"]
        assert item == {"k": {"S": "a"}, "n": {"N": "1.5"}}
        s3 = client("s3", url)
        (delivered,) = s3.list_objects_v2(Bucket="stream")["Contents"]
        assert s3.get_object(Bucket="stream", Key=delivered["Key"])["Body"].read() == b"delivered"


def test_what_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        acm = client("acm", url)
        with pytest.raises(ClientError, match="could not remember it when it ends") as refused:
            acm.request_certificate(DomainName="example.com")
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
        assert acm.list_certificates()["CertificateSummaryList"] == []
        with pytest.raises(ClientError, match="could not remember it when it ends"):
            client("s3tables", url).create_table_bucket(name="tables")


def test_a_disk_that_refuses_is_reported_and_nothing_is_changed(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        iam, sqs = client("iam", url), client("sqs", url)
        iam.create_role(RoleName="first", AssumeRolePolicyDocument=TRUST)
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody="before")
        refuse_writes(tmp_path)
        attempts: list[Callable[[], object]] = [
            lambda: iam.create_role(RoleName="second", AssumeRolePolicyDocument=TRUST),
            lambda: sqs.send_message(QueueUrl=queue, MessageBody="lost"),
        ]
        for attempt in attempts:
            with pytest.raises(ClientError, match="disk cannot take it: the disk is full") as error:
                attempt()
            assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 507
        assert [role["RoleName"] for role in roles(url)] == ["first"]
        take_writes(tmp_path)
        iam.create_role(RoleName="second", AssumeRolePolicyDocument=TRUST)
        assert [one["Body"] for one in sqs.receive_message(QueueUrl=queue)["Messages"]] == ["before"]
    with aws_server(tmp_path) as url:
        assert [role["RoleName"] for role in roles(url)] == ["first", "second"]


def test_a_change_that_is_taken_back_with_another_one_is_not_acknowledged(tmp_path: Path) -> None:
    archive = ServiceArchive(ACCOUNT, tmp_path / FILE)
    archive.load()
    refuse_writes(tmp_path)
    sqs = sqs_backends[ACCOUNT]["us-east-1"]
    with pytest.raises(sqlite3.Error, match="taken back with another"), archive.change("sqs", alone=False):
        with pytest.raises(sqlite3.Error, match="the disk is full"), archive.change("sqs"):
            sqs.create_queue("q", region="us-east-1")
        take_writes(tmp_path)
    assert list(sqs.queues) == []
    archive.close()


@pytest.mark.parametrize(
    "value", ['{"$object": ["antigravity:geohash", []]}', '{"$enum": ["moto.sqs.models:json", "x"]}']
)
def test_a_file_that_is_not_ours_is_named_and_names_nothing_to_be_run(tmp_path: Path, value: str) -> None:
    archive = ServiceArchive(ACCOUNT, tmp_path / FILE)
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("INSERT INTO pieces VALUES (1, 'iam', 'aws', ?)", (f'[["roles", {value}]]',))
    with pytest.raises(HostError, match=f"cannot use {tmp_path / FILE}.*not one of moto's classes"):
        archive.load()
    assert "antigravity" not in sys.modules
    archive.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database, and long enough to be looked at as one" * 10)
    with pytest.raises(HostError, match=f"cannot use {tmp_path / FILE}: file is not a database"):
        ServiceArchive(ACCOUNT, tmp_path / FILE)


def test_a_directory_of_another_run_has_nothing_of_this_one(tmp_path: Path) -> None:
    with aws_server(tmp_path / "one") as url:
        client("iam", url).create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    with aws_server(tmp_path / "two") as url:
        assert roles(url) == []


def test_reset_forgets_them_on_disk_too(tmp_path: Path) -> None:
    with aws_server(tmp_path) as url:
        client("iam", url).create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    archive = ServiceArchive(ACCOUNT, tmp_path / FILE)
    archive.load()
    iam_backends[ACCOUNT]["aws"].roles.clear()  # as moto's own reset does
    archive.keep()
    archive.close()
    with aws_server(tmp_path) as url:
        assert roles(url) == []

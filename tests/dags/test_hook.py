from __future__ import annotations

import io
import json
from typing import Any

import pytest
import sluice.calls.s3
from botocore.awsrequest import AWSResponse
from sluice.calls.s3 import split_s3_uri
from sluice.errors import UnexpectedAnswer
from sluice.hook import INVOKE_CONFIG, SluiceHook
from sluice.refusals.errors import ServiceRefused
from sluice.waiting.remote_work import Kind

from tests.fakes.sagemaker_api import FakeAws, FakeHook, refusal


def connect(monkeypatch: pytest.MonkeyPatch, **extra: Any) -> None:
    connection = {"conn_type": "aws", "login": "local", "password": "local", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_SOMEWHERE", json.dumps(connection))


def test_one_connection_leads_all_services_to_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, endpoint_url="http://127.0.0.1:4566", region_name="us-east-1")
    hook = SluiceHook("somewhere")
    clients = [hook.conn, *(hook._client_of(service) for service in ("sagemaker-runtime", "s3", "logs"))]
    assert {client.meta.endpoint_url for client in clients} == {"http://127.0.0.1:4566"}
    assert {client.meta.region_name for client in clients} == {"us-east-1"}
    assert hook.service_url == "http://127.0.0.1:4566"


def test_one_service_alone_can_be_sent_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    service_config = {"sagemaker-runtime": {"endpoint_url": "http://127.0.0.1:9"}}
    connect(monkeypatch, service_config=service_config, region_name="eu-west-1")
    hook = SluiceHook("somewhere")
    assert hook._client_of("sagemaker-runtime").meta.endpoint_url == "http://127.0.0.1:9"
    assert hook.conn.meta.endpoint_url == "https://api.sagemaker.eu-west-1.amazonaws.com"
    assert hook.service_url is None


def test_region_tls_and_botocore_settings_reach_every_client(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, region_name="us-east-1")
    hook = SluiceHook("somewhere", region_name="eu-west-1", verify=False, config={"connect_timeout": 3})
    for client in (hook.conn, hook._client_of("s3"), hook._client_of("logs")):
        assert client.meta.region_name == "eu-west-1"
        assert client.meta.config.connect_timeout == 3
        assert client._endpoint.http_session._verify is False


def test_a_custom_address_keeps_bucket_names_out_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, endpoint_url="http://localhost:4566", region_name="us-east-1")
    assert SluiceHook("somewhere")._client_of("s3").meta.config.s3 == {"addressing_style": "path"}
    connect(monkeypatch, region_name="us-east-1")
    assert SluiceHook("somewhere")._client_of("s3").meta.config.s3 is None


def test_invoking_is_never_retried_behind_our_back(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, endpoint_url="http://127.0.0.1:4566", region_name="us-east-1")
    hook, sent = SluiceHook("somewhere"), []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request.url)
        raw: Any = io.BytesIO(b'{"Message": "busy"}')
        raw.stream = lambda: iter([raw.read()])
        return AWSResponse(request.url, 503, {"x-amzn-errortype": "ServiceUnavailable"}, raw)

    hook._client_of("sagemaker-runtime", INVOKE_CONFIG).meta.events.register("before-send", answer)
    with pytest.raises(ServiceRefused) as refused:
        hook.invoke("iris", b"1", "text/csv", "application/json")
    assert len(sent) == 1
    assert refused.value.operation == "InvokeEndpoint" and refused.value.resource == "iris"


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ValidationException"])
def test_a_refusal_keeps_awss_code_and_names_the_resource(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    aws = FakeAws()

    def refuse(EndpointName: str) -> Any:
        raise refusal("DescribeEndpoint", code, "no")

    monkeypatch.setattr(aws, "describe_endpoint", refuse)
    with pytest.raises(ServiceRefused) as refused:
        FakeHook(aws).find_endpoint("iris")
    assert (refused.value.code, refused.value.operation, refused.value.resource) == (code, "DescribeEndpoint", "iris")


def test_what_is_not_there_is_none() -> None:
    hook = FakeHook(FakeAws())
    assert hook.find_endpoint("x") is None
    assert hook.find_job(Kind.RECOMMENDATION_JOB, "x") is None
    assert hook.read_object("s3://bucket/key") is None
    assert hook.package_behind("x") is None
    assert hook.delete_endpoint("x") is False
    assert hook.stop_job(Kind.RECOMMENDATION_JOB, "x") is False
    assert hook.stop_job(Kind.TRANSFORM_JOB, "x") is False
    assert hook.count_lines("s3://bucket/key") is None
    assert list(hook.list_objects("s3://bucket/key")) == []
    assert hook.last_log_lines("x", None, 5) == ()


@pytest.mark.parametrize("uri", ["http://bucket/key", "s3://bucket", "s3://bucket/", "bucket/key"])
def test_only_s3_uris_are_read(uri: str) -> None:
    with pytest.raises(UnexpectedAnswer):
        split_s3_uri(uri)


@pytest.mark.parametrize("at_a_time", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("body", "lines"), [(b"", 0), (b"a", 1), (b"ab\ncd\n", 2), (b"\nab\r\n\r\n\ncd", 2), (b"\r\n", 0), (b"a\n\nb\n", 2)]
)
def test_lines_are_counted_in_pieces_of_any_size(
    monkeypatch: pytest.MonkeyPatch, at_a_time: int, body: bytes, lines: int
) -> None:
    monkeypatch.setattr(sluice.calls.s3, "READ_BYTES", at_a_time)
    aws = FakeAws()
    aws.objects["s3://bucket/key"] = body
    assert FakeHook(aws).count_lines("s3://bucket/key") == lines

"""A server with access keys: boto3 with the right secret can do everything, with any other nothing."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from include.sagemaker_local.http1.messages import Request
from include.sagemaker_local.load.document import read_document
from include.sagemaker_local.wire.sigv4 import Key, signed
from tests.fakes.server_process import ServerProcess, cli, server_process

ACCESS_KEY, SECRET = "AKIDEXAMPLE", "wJalr/XUtnFEMI+K7MDENG%bPxRfi"
KEYS = f"[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET}\n"


@pytest.fixture(scope="module")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "credentials"
    path.write_text(KEYS)
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, credentials: Path) -> Iterator[ServerProcess]:
    data_dir = tmp_path_factory.mktemp("signed") / "data"
    with server_process(data_dir, "--host", "0.0.0.0", "--credentials", str(credentials)) as running:  # noqa: S104
        yield running


def client(service: str, server: ServerProcess, secret: str = SECRET, access_key: str = ACCESS_KEY) -> Any:
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=server.url.replace("0.0.0.0", "127.0.0.1"),  # noqa: S104
        region_name="eu-west-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}, signature_version="v4" if service != "s3" else "s3v4"),
    )


@contextmanager
def refusal(code: str) -> Iterator[None]:
    with pytest.raises(ClientError) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code


def plain(method: str, server: ServerProcess, target: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(server.url).port, timeout=20)
    try:
        connection.request(method, target, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_no_other_address_than_loopback_without_a_secret(tmp_path: Path) -> None:
    refused = cli("serve", "--host", "0.0.0.0", "--port", "0", "--data-dir", str(tmp_path / "data"))  # noqa: S104
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert "--credentials FILE" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_every_protocol_with_the_right_secret(server: ServerProcess) -> None:
    assert client("sagemaker", server).list_models()["Models"] == []
    with refusal("ValidationError"):
        client("sagemaker-runtime", server).invoke_endpoint(EndpointName="none", Body=b"1")
    assert client("sts", server).get_caller_identity()["Account"] == "123456789012"
    client("cloudwatch", server).list_metrics()
    client("logs", server).create_log_group(logGroupName="/a/b")


def test_s3_with_odd_keys_in_parts_and_presigned(server: ServerProcess) -> None:
    s3 = client("s3", server)
    s3.create_bucket(Bucket="models", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    key = "a b/ü+=&/c~'(1).csv"
    s3.put_object(Bucket="models", Key=key, Body=b"1,2\n", Metadata={"who": "me"})
    assert s3.get_object(Bucket="models", Key=key)["Body"].read() == b"1,2\n"
    assert [item["Key"] for item in s3.list_objects_v2(Bucket="models", Prefix="a b/ü")["Contents"]] == [key]
    in_parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    s3.upload_fileobj(BytesIO(b"x" * (6 << 20)), "models", "large", Config=in_parts)
    assert s3.head_object(Bucket="models", Key="large")["ContentLength"] == 6 << 20

    url = urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": "models", "Key": key}, ExpiresIn=60))
    assert plain("GET", server, f"{url.path}?{url.query}") == (200, b"1,2\n")
    status, body = plain("PUT", server, f"{url.path}?{url.query}", b"other")
    assert (status, b"<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)
    put = urlsplit(s3.generate_presigned_url("put_object", Params={"Bucket": "models", "Key": "up"}, ExpiresIn=60))
    assert plain("PUT", server, f"{put.path}?{put.query}", b"anything")[0] == 200
    assert s3.get_object(Bucket="models", Key="up")["Body"].read() == b"anything"


def test_another_secret_another_key_and_none_at_all(server: ServerProcess) -> None:
    with refusal("InvalidSignatureException"):
        client("sagemaker", server, secret="wrong").list_models()
    with refusal("InvalidSignatureException"):
        client("sagemaker-runtime", server, secret="wrong").invoke_endpoint(EndpointName="none", Body=b"1")
    with refusal("SignatureDoesNotMatch"):
        client("s3", server, secret="wrong").list_buckets()
    with refusal("SignatureDoesNotMatch"):
        client("sts", server, secret="wrong").get_caller_identity()
    with refusal("UnrecognizedClientException"):
        client("sagemaker", server, access_key="nobody").list_models()
    with refusal("InvalidAccessKeyId"):
        client("s3", server, access_key="nobody").list_buckets()
    for method, target in (("GET", "/"), ("GET", "/models/up"), ("POST", "/_local/reset"), ("POST", "/moto-api/reset")):
        assert plain(method, server, target)[0] == 403
    status, body = plain("POST", server, "/", b"{}", X_Amz_Target="SageMaker.ListModels")
    assert (status, b"MissingAuthenticationTokenException" in body) == (403, True)


def test_a_request_that_was_overheard_cannot_be_sent_with_another_body(server: ServerProcess) -> None:
    target = "SageMaker.ListModels"
    headers = [(b"host", b"h"), (b"x-amz-target", target.encode())]
    request = signed(Request(b"POST", b"/", headers, b"{}"), Key(ACCESS_KEY, SECRET), "r", "sagemaker", time.time())
    heard = {name.decode().title(): value.decode() for name, value in request.headers}
    assert plain("POST", server, "/", b"{}", **heard)[0] == 200
    status, body = plain("POST", server, "/", b'{"MaxResults": 1}', **heard)
    assert (status, b"InvalidSignatureException" in body) == (403, True)


def test_the_command_line_signs_too_and_health_is_open(server: ServerProcess, credentials: Path) -> None:
    url = server.url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
    assert plain("GET", server, "/_local/health")[0] == 200
    assert cli("status", "--url", url).returncode == 0
    refused = cli("reset", "--url", url)
    assert (refused.returncode, "verifies signatures" in refused.stderr) == (2, True)
    assert cli("reset", "--url", url, "--credentials", str(credentials)).returncode == 0


@pytest.mark.parametrize(("secret", "status"), [(SECRET, 400), ("wrong", 403)])
def test_a_load_is_signed_with_what_the_aws_configuration_says(
    server: ServerProcess, monkeypatch: pytest.MonkeyPatch, secret: str, status: int
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of/temporary=credentials")
    place = ("--endpoint-url", server.url.replace("0.0.0.0", "127.0.0.1"), "--region", "eu-west-1")  # noqa: S104
    short = ("-c", "1", "-d", "200ms", "--warm-up", "0", "-b", "1,2", "--content-type", "text/csv", "--json", "-")
    done = cli("load", "--endpoint", "none at all", *place, *short)
    assert done.returncode == 1, done.stderr
    (stage,) = read_document(done.stdout.encode()).stages
    assert set(stage.failed_statuses) == {status}, "400: the signature is good, and there is no such endpoint"

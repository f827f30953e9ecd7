"""Which plane answers which request, on a server in this process."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.messages import Headers, Request, Response
from include.sagemaker_local.server import running_server
from include.sagemaker_local.settings import Settings
from tests.fakes.aws_server import client

SCOPE = b"AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/%b/aws4_request"
SIGNED_FOR = SCOPE + b", SignedHeaders=host, Signature=" + b"0" * 64
SAGEMAKER = SIGNED_FOR % b"sagemaker"


def on_server(data_dir: Path, test: Callable[[str], None], gateway_processes: int = 0) -> None:
    async def main() -> None:
        settings = Settings(data_dir=data_dir, port=0, gateway_processes=gateway_processes)
        async with running_server(settings) as url:
            await asyncio.to_thread(test, url)

    asyncio.run(asyncio.wait_for(main(), 60))


@contextlib.asynccontextmanager
async def mixed_connection(url: str) -> AsyncIterator[HttpClient]:
    """Sends one request after the other, so all on one connection."""
    http = HttpClient()
    try:
        yield http
    finally:
        await http.close()


async def send(
    http: HttpClient, url: str, method: bytes, target: bytes, headers: Headers, body: bytes = b""
) -> Response:
    host, port = url.removeprefix("http://").split(":")
    return await http.request(host, int(port), Request(method, target, headers, body), timeout_s=30)


def ask(url: str, method: bytes, target: bytes, headers: Headers, body: bytes = b"") -> Response:
    async def main() -> Response:
        async with mixed_connection(url) as http:
            return await send(http, url, method, target, headers, body)

    return asyncio.run(main())


@pytest.mark.parametrize("gateway_processes", [0, 2])
def test_every_request_reaches_its_plane(tmp_path: Path, gateway_processes: int) -> None:
    def test(url: str) -> None:
        _the_services_share_the_url(url)
        _unsigned_requests_to_sagemaker_are_refused_in_its_form(url)
        _a_bucket_may_be_called_endpoints(url)
        _sagemaker_has_no_other_door(url)

    on_server(tmp_path, test, gateway_processes)


def _the_services_share_the_url(url: str) -> None:
    assert client("sagemaker", url).list_models()["Models"] == []
    assert client("s3", url).list_buckets()["Buckets"] == []
    assert client("sts", url).get_caller_identity()["Account"] == "123456789012"
    with pytest.raises(ClientError) as refusal:
        client("sagemaker-runtime", url).invoke_endpoint(EndpointName="none", Body=b"x")
    assert refusal.value.response["Error"]["Code"] == "ValidationError"
    with pytest.raises(ClientError) as refusal:
        client("sagemaker", url).list_apps()
    assert "ListApps" in refusal.value.response["Error"]["Message"]


def _unsigned_requests_to_sagemaker_are_refused_in_its_form(url: str) -> None:
    for target, headers in ((b"/", [(b"x-amz-target", b"SageMaker.ListModels")]), (b"/endpoints/e/invocations", [])):
        answer = ask(url, b"POST", target, headers, b"{}")
        assert answer.status == 403
        assert json.loads(answer.body)["__type"] == "MissingAuthenticationTokenException"


def _a_bucket_may_be_called_endpoints(url: str) -> None:
    s3 = client("s3", url)
    s3.create_bucket(Bucket="endpoints")
    s3.put_object(Bucket="endpoints", Key="e/invocations", Body=b"an object")
    assert s3.get_object(Bucket="endpoints", Key="e/invocations")["Body"].read() == b"an object"
    presigned = s3.generate_presigned_url("get_object", Params={"Bucket": "endpoints", "Key": "e/invocations"})
    assert ask(url, b"GET", presigned.removeprefix(url).encode(), []).body == b"an object"


def _sagemaker_has_no_other_door(url: str) -> None:
    signed: Headers = [(b"authorization", SIGNED_FOR % b"sagemaker")]
    for method, target in ((b"POST", b"/"), (b"PUT", b"/BatchPutMetrics"), (b"POST", b"/sagemaker_us-east-1/x")):
        answer = ask(url, method, target, signed, b"{}")
        assert (answer.status, json.loads(answer.body)["__type"]) == (404, "UnknownOperationException")
    unsigned = ask(url, b"POST", b"/sagemaker_us-east-1/x", [], b"{}")
    assert unsigned.status == 404


@pytest.mark.parametrize("door", [b"/_local/reset", b"/moto-api/reset"])
def test_reset_empties_sagemaker_and_everything_else(tmp_path: Path, door: bytes) -> None:
    def fill(url: str) -> None:
        client("s3", url).create_bucket(Bucket="models")
        client("sagemaker", url).create_model_package_group(ModelPackageGroupName="g")

    def contents(url: str) -> tuple[list[Any], list[Any]]:
        groups = client("sagemaker", url).list_model_package_groups()["ModelPackageGroupSummaryList"]
        return client("s3", url).list_buckets()["Buckets"], groups

    def test(url: str) -> None:
        fill(url)
        assert ask(url, b"POST", door, []).status == 200
        assert contents(url) == ([], [])
        fill(url)

    on_server(tmp_path, test)

    def after_a_restart(url: str) -> None:
        assert [len(kind) for kind in contents(url)] == [1, 1]
        health = json.loads(ask(url, b"GET", b"/_local/health", []).body)
        assert (health["status"], health["endpoints"]) == ("ok", {})
        assert ask(url, b"GET", b"/_local/nothing", []).status == 404

    on_server(tmp_path, after_a_restart)


def test_a_connection_that_began_with_something_else_may_invoke_and_keys_hold_for_every_process(tmp_path: Path) -> None:
    async def main() -> None:
        settings = Settings(data_dir=tmp_path, port=0, gateway_processes=1)
        async with running_server(settings) as url, mixed_connection(url) as http:
            assert (await send(http, url, b"GET", b"/_local/health", [])).status == 200
            answer = await send(http, url, b"POST", b"/endpoints/e/invocations", [(b"authorization", SAGEMAKER)])
            assert json.loads(answer.body)["Message"] == "Endpoint e of account 123456789012 not found."
        keyed = Settings(data_dir=tmp_path, port=0, gateway_processes=1, signing_keys={"a": "secret"})
        async with running_server(keyed) as url, mixed_connection(url) as http:
            answer = await send(http, url, b"POST", b"/endpoints/e/invocations", [(b"authorization", SAGEMAKER)])
            assert answer.status == 403
            assert (await send(http, url, b"GET", b"/_local/health", [])).status == 200
            assert (await send(http, url, b"POST", b"/_local/reset", [])).status == 403

    asyncio.run(asyncio.wait_for(main(), 60))

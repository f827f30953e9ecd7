"""A real boto3 client whose requests go to a handler in this process, without a socket.

botocore serialises, signs and parses as always; only the sending is replaced, through its `before-send` event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from include.sagemaker_local.http1.messages import Handler, Request, Response


def sagemaker_client(handler: Handler, region: str = "us-east-1", **config: Any) -> Any:
    """A boto3 SageMaker client of `region` that speaks to `handler`; `config` goes to botocore's Config."""
    return service_client("sagemaker", handler, region, **config)


def service_client(service: str, handler: Handler, region: str = "us-east-1", **config: Any) -> Any:
    """The same for any service that speaks JSON 1.1."""
    client = _session().client(
        service,
        region_name=region,
        endpoint_url="http://in-process.invalid",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, **config),
    )

    def send(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return _aws_response(request.url, asyncio.run(handler(_request(request))))  # type: ignore[arg-type]

    client.meta.events.register(f"before-send.{service}.*", send)
    return client


@cache
def _session() -> boto3.session.Session:
    # Clients of one session share the service model, which takes a quarter of a second to read.
    return boto3.session.Session()


def _request(sent: AWSPreparedRequest) -> Request:
    headers = [(_bytes(name).lower(), _bytes(value).strip()) for name, value in sent.headers.items()]
    body = sent.body or b""
    return Request(_bytes(sent.method), b"/", headers, _bytes(body))


def _aws_response(url: str, response: Response) -> AWSResponse:
    headers: Any = {name.decode(): value.decode() for name, value in response.headers}
    return AWSResponse(url, response.status, headers, _Raw(response.body))


class _Raw:
    """As much of urllib3's response as botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()

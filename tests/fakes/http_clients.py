"""Requests to fake containers, sent with the client under test."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.messages import Request, Response
from tests.fakes.containers import FakeContainer


@contextlib.asynccontextmanager
async def client() -> AsyncIterator[HttpClient]:
    made = HttpClient()
    try:
        yield made
    finally:
        await made.close()


def post(body: bytes = b"hello") -> Request:
    return Request(b"POST", b"/invocations", [(b"content-type", b"text/csv")], body)


async def send(http: HttpClient, container: FakeContainer, request: Request, timeout_s: float = 10.0) -> Response:
    return await http.request("127.0.0.1", container.port, request, timeout_s=timeout_s)

"""InvokeEndpointWithResponseStream, read by boto3's own EventStream over a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from include.sagemaker_local.data.streaming import EventPieces
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.errors import ConnectionFailed
from include.sagemaker_local.http1.messages import Request, Response, StreamedResponse
from include.sagemaker_local.http1.server import start_server
from include.sagemaker_local.metrics.tally import InvocationTally
from include.sagemaker_local.routes import Hop, Instance, VariantRoute
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.traffic import Traffic
from tests.fakes.containers import Behaviour, answer, die, echo, hang, raw
from tests.fakes.invocations import REGION, SETTINGS, error, invoke, one_variant, pipeline, plane, run

TARGET = b"/endpoints/flowers/invocations-response-stream"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/jsonlines\r\nTransfer-Encoding: chunked\r\n\r\n"
TOKENS = raw(HEAD + b"3\r\nab\n\r\n2\r\nc\n\r\n0\r\n\r\n")
BROKEN = raw(HEAD + b"3\r\nab\n\r\n", hang_up=True)


def ask(*chain: Behaviour, settings: Settings = SETTINGS, **request: Any) -> tuple[Any, list[Any], InvocationTally]:
    """One streamed invocation through boto3: its answer, its events or what ended them, and what was counted."""
    tally = InvocationTally()
    found: list[Any] = []

    def drive(port: int) -> Any:
        make: Any = boto3.client
        runtime = make(
            "sagemaker-runtime",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )
        answered = runtime.invoke_endpoint_with_response_stream(EndpointName="flowers", Body=b"1,2", **request)
        try:
            found.extend(item["PayloadPart"]["Bytes"] for item in answered["Body"])
        except EventStreamError as failed:
            found.append(failed)
        return answered

    async def main() -> Any:
        async with (
            pipeline(*chain) as containers,
            plane(*one_variant(containers), settings=settings, observer=tally) as data,
        ):
            server = await start_server(lambda request: data.handle(request, REGION), max_body_bytes=1000)
            try:
                return await asyncio.wait_for(asyncio.to_thread(drive, server.port), 20)
            finally:
                await server.close(1)

    return asyncio.run(main()), found, tally


def test_the_last_container_s_answer_comes_in_pieces() -> None:
    answered, found, tally = ask(echo(), TOKENS, ContentType="text/csv", Accept="application/jsonlines")
    assert b"".join(found) == b"ab\nc\n"
    assert answered["ContentType"] == "application/jsonlines"
    assert answered["InvokedProductionVariant"] == "AllTraffic"
    (counts,) = tally.take()
    assert (counts.invocations, counts.model_errors) == (1, 0)
    assert set(counts.container_us) == {"featurize", "predict"}


def test_types_go_where_they_go_in_an_unstreamed_invocation() -> None:
    async def main() -> None:
        async with pipeline(echo("a/b; c=d"), TOKENS) as containers, plane(*one_variant(containers)) as data:
            request = invoke(target=TARGET, content_type="text/csv", x_amzn_sagemaker_accept="x/y", accept="no/no")
            answered = await data.handle(request, REGION)
            assert isinstance(answered, StreamedResponse)
            await answered.pieces.aclose()
            first, last = containers[0].seen[0], containers[1].seen[0]
            assert (first.header("content-type"), first.header("accept")) == ("text/csv", None)
            assert (last.header("content-type"), last.header("accept")) == ("a/b; c=d", "x/y")

    run(main())


def test_a_stream_that_breaks_off_ends_with_its_error() -> None:
    _, found, tally = ask(echo(), BROKEN)
    assert found[0] == b"ab\n"
    failed = found[1].response["Error"]
    assert failed["Code"] == "ModelStreamError"
    assert "was reset or closed" in failed["Message"]
    (counts,) = tally.take()
    assert (counts.invocations, counts.model_errors, counts.server_errors) == (1, 1, 0)


def test_a_stream_that_takes_too_long_says_so() -> None:
    settings = Settings(data_dir=Path("unused"), stream_timeout_s=0.3)
    _, found, _ = ask(raw(HEAD + b"3\r\nab\n\r\n"), settings=settings)
    assert found[0] == b"ab\n"
    assert found[1].response["Error"]["Code"] == "ModelStreamError"
    assert "timeout period allowed" in found[1].response["Error"]["Message"]


@pytest.mark.parametrize(
    ("chain", "said"),
    [
        ((echo(), answer(418, b"teapot")), 'client error (418) from predict with message "teapot"'),
        ((answer(500, b"oops"), TOKENS), 'server error (500) from featurize with message "oops"'),
        ((echo(), die()), "server error (0) from predict with message"),
        ((echo(prefix=b"x" * 5_000_001), TOKENS), "from featurize to predict is 5000004 bytes"),
    ],
)
def test_an_error_before_the_first_byte_is_a_model_error(chain: tuple[Behaviour, ...], said: str) -> None:
    with pytest.raises(ClientError) as caught:
        ask(*chain)
    assert caught.value.response["Error"]["Code"] == "ModelError"
    assert said in str(caught.value)


def test_a_container_that_never_answers_has_the_stream_s_time() -> None:
    async def main() -> None:
        settings = Settings(data_dir=Path("unused"), stream_timeout_s=0.2)
        async with pipeline(hang()) as containers, plane(*one_variant(containers), settings=settings) as data:
            _, kind, members = error(await data.handle(invoke(target=TARGET), REGION))
            assert kind == "ModelError"
            assert "Your invocation timed out while waiting for a response from container primary" in members["Message"]

    run(main())


def test_the_instance_is_busy_until_the_stream_ends() -> None:
    async def main() -> None:
        more = asyncio.Event()

        async def speak() -> AsyncGenerator[bytes, None]:
            yield b"one"
            await more.wait()
            yield b"two"

        async def container(request: Request) -> Response:
            return StreamedResponse(200, [], speak())

        server, client, traffic = await start_server(container, max_body_bytes=100), HttpClient(), Traffic()
        variant = VariantRoute("AllTraffic", 1.0, (Instance("i-0", (Hop("predict", "127.0.0.1", server.port),)),))
        async with plane(variant, traffic=traffic) as data:
            answered = await data.handle(invoke(target=TARGET), REGION)
            assert isinstance(answered, StreamedResponse)
            assert b"one" in await anext(answered.pieces)
            assert traffic.under_way == {"i-0": 1}
            more.set()
            assert [b"two" in piece async for piece in answered.pieces] == [True]
            assert traffic.under_way == {}
            left = await data.handle(invoke(target=TARGET), REGION)
            assert isinstance(left, StreamedResponse)
            assert traffic.under_way == {"i-0": 1}
            await left.pieces.aclose()
            assert traffic.under_way == {}
        await client.close()
        await server.close(0)

    run(main())


@pytest.mark.parametrize(
    ("failure", "kind", "code"),  # botocore drops the code
    [
        (ConnectionFailed("gone"), b"ModelStreamError", b'"ErrorCode": "StreamBroken"'),
        (TimeoutError(), b"ModelStreamError", b'"ErrorCode": "ModelInvocationTimeExceeded"'),
        (ValueError("ours"), b"InternalStreamFailure", b""),
    ],
)
def test_whose_fault_it_is(failure: Exception, kind: bytes, code: bytes) -> None:
    async def main() -> None:
        told: list[bool] = []

        async def speak() -> AsyncGenerator[bytes, None]:
            yield b"one"
            raise failure

        def ended(*, broken: bool) -> None:
            told.append(broken)

        pieces = EventPieces(speak(), asyncio.get_running_loop().time() + 10, ended)
        found = [piece async for piece in pieces]
        await pieces.aclose()
        assert [kind in piece and code in piece for piece in found] == [False, True]
        assert told == [True]

    run(main())

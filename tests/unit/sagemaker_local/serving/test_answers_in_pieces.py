"""Handlers that return an iterator: their answer goes out piece by piece, from a worker through the front."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Iterator

import pytest

from include.sagemaker_local.http1.errors import ConnectionFailed
from include.sagemaker_local.http1.messages import Response, StreamedResponse
from include.sagemaker_local.runtime.running import RunningProcess
from include.sagemaker_local.serving.frames import MORE
from include.sagemaker_local.serving.pool import WorkerPool
from include.sagemaker_local.serving.worker import READY
from tests.fakes.process_containers import fleet
from tests.unit.sagemaker_local.serving.test_pool import Hand, ask, run

CODE = b"""
def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    return pieces(body), "application/jsonlines"

def pieces(body):
    if body == b"at once":
        raise ValueError("failed before the first piece")
    yield "first "
    if body == b"halfway":
        raise ValueError("failed in the middle")
    yield b""
    yield 7 if body == b"a number" else b"second"
    if body == b"large":
        for _ in range(200):
            yield b"x" * 100_000
"""


async def begun(task: asyncio.Task[Response]) -> StreamedResponse:
    answer = await task
    assert isinstance(answer, StreamedResponse)
    return answer


def test_pieces_come_while_the_worker_works_and_the_next_request_after_the_last() -> None:
    async def scenario(workers: WorkerPool, hand: Hand) -> None:
        await hand.say(0, READY)
        first, second = ask(workers, b"one"), ask(workers, b"two")
        assert await hand.hear(0) == b"one"
        await hand.say(0, 200 | MORE)
        answer = await begun(first)
        assert answer.status == 200
        await hand.say(0, MORE, b"a")
        assert await anext(answer.pieces) == b"a"
        await hand.say(0, MORE, b"b")
        await hand.say(0, 200)
        assert [piece async for piece in answer.pieces] == [b"b"]
        assert await hand.hear(0) == b"two"
        await hand.say(0, 200, b"whole")
        assert (await second).body == b"whole"

    run(scenario)


def test_an_answer_that_user_code_or_the_worker_s_death_breaks_off() -> None:
    async def scenario(workers: WorkerPool, hand: Hand) -> None:
        await hand.say(0, READY)
        for ending in ("user code", "death"):
            task = ask(workers, b"x")
            await hand.hear(0)
            await hand.say(0, 200 | MORE)
            answer = await begun(task)
            await hand.say(0, MORE, b"a")
            if ending == "death":
                hand.socks[0].close()
            else:
                await hand.say(0, 500)
            assert await anext(answer.pieces) == b"a"
            with pytest.raises(ConnectionFailed):
                await anext(answer.pieces)

    run(scenario)


def test_what_nobody_reads_is_thrown_away_and_the_worker_serves_on() -> None:
    async def scenario(workers: WorkerPool, hand: Hand) -> None:
        await hand.say(0, READY)
        task = ask(workers, b"x")
        await hand.hear(0)
        await hand.say(0, 200 | MORE)
        answer = await begun(task)
        await answer.pieces.aclose()
        for _ in range(20):
            await hand.say(0, MORE, b"x" * 100_000)
        await hand.say(0, 200)
        after = ask(workers, b"y")
        assert await hand.hear(0) == b"y"
        await hand.say(0, 200, b"fine")
        assert (await after).body == b"fine"

    run(scenario)


def test_a_worker_that_goes_on_for_nobody_is_killed_after_its_time() -> None:
    async def scenario(workers: WorkerPool, hand: Hand) -> None:
        await hand.say(0, READY)
        task = ask(workers, b"x")
        await hand.hear(0)
        await hand.say(0, 200 | MORE)
        answer = await begun(task)
        await answer.pieces.aclose()
        with pytest.raises(OSError):
            async with asyncio.timeout(10):
                while True:
                    await hand.say(0, MORE, b"x")
                    await asyncio.sleep(0.01)

    run(scenario, timeout_s=0.2)


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProcess]:
    with fleet(tmp_path_factory.mktemp("fleet")) as made:
        files = {"code/inference.py": CODE}
        yield made.start_ready("pieces", files, environment={"SAGEMAKER_MODEL_SERVER_WORKERS": "1"})


def invoke(container: RunningProcess, body: bytes) -> tuple[http.client.HTTPResponse, http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(container.host, container.port, timeout=30)
    connection.request("POST", "/invocations", body, {"Content-Type": "application/octet-stream"})
    return connection.getresponse(), connection


def test_a_generator_is_an_answer_in_chunks(container: RunningProcess) -> None:
    for body, length in ((b"small", 12), (b"large", 12 + 200 * 100_000)):
        response, connection = invoke(container, body)
        assert response.headers["transfer-encoding"] == "chunked"
        assert response.headers["content-type"] == "application/jsonlines"
        answer = response.read()
        assert (answer[:12], len(answer)) == (b"first second", length)
        connection.close()


def test_an_error_before_the_first_piece_is_an_answer_and_later_a_broken_connection(container: RunningProcess) -> None:
    response, connection = invoke(container, b"at once")
    assert response.status == 500
    assert b"failed before the first piece" in response.read()
    connection.close()
    for body in (b"halfway", b"a number"):
        response, connection = invoke(container, body)
        assert response.status == 200
        with pytest.raises(http.client.IncompleteRead) as caught:
            response.read()
        assert caught.value.partial == b"first "
        connection.close()


def test_a_client_that_leaves_does_not_stop_the_container(container: RunningProcess) -> None:
    response, connection = invoke(container, b"large")
    assert response.read(5) == b"first"
    connection.close()
    response, connection = invoke(container, b"small")
    assert response.read() == b"first second"
    connection.close()

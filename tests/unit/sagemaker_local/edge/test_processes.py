"""Gateway processes as `serve` starts them, in front of containers in the test's own process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import resource
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import uvloop

from include.sagemaker_local.edge.processes import GatewayProcesses
from include.sagemaker_local.http1 import unix_socket
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.http1.server import HttpServer, start_server
from include.sagemaker_local.listening import bind_shared
from include.sagemaker_local.routes import Hop, Instance, Route, VariantRoute
from include.sagemaker_local.settings import Settings
from tests.fakes.http_servers import connected, read_answer
from tests.fakes.waiting import until

BOUND_S = 120.0  # starting a process takes seconds on a busy machine
REGION = "eu-west-1"
SIGNATURE = b"AWS4-HMAC-SHA256 Credential=a/20260101/%b/%b/aws4_request, SignedHeaders=host, Signature=" + b"0" * 64
SIGNED = SIGNATURE % (REGION.encode(), b"sagemaker")


class Stage:
    def __init__(self, gateways: GatewayProcesses, port: int) -> None:
        self.gateways = gateways
        self.port = port

    def put(self, instance_id: str, container: HttpServer, config: str = "c") -> None:
        instance = Instance(instance_id, (Hop("a", "127.0.0.1", container.port),))
        self.gateways.put(Route(REGION, "e", config, (VariantRoute("v", 1.0, (instance,)),)))

    async def ask(self, http: HttpClient, body: bytes = b"hi", target: bytes = b"/endpoints/e/invocations") -> Response:
        request = Request(b"POST", target, [(b"authorization", SIGNED)], body)
        return await http.request("127.0.0.1", self.port, request, timeout_s=60)

    async def ask_anew(self, body: bytes = b"hi", target: bytes = b"/endpoints/e/invocations") -> Response:
        """On a connection of its own, so that either process may get it."""
        http = HttpClient()
        try:
            return await self.ask(http, body, target)
        finally:
            await http.close()

    def pids(self) -> list[int]:
        return [one._process.pid for one in self.gateways._processes if one._process is not None]


def run(test: Callable[[Stage], Awaitable[None]]) -> None:
    async def main() -> None:
        async def in_main(request: Request) -> Response:
            return Response(200, [(b"x-by", b"main")], request.body)

        async with contextlib.AsyncExitStack() as opened:
            sock = opened.enter_context(unix_socket.listen("test"))
            public = [opened.enter_context(one) for one in bind_shared("127.0.0.1", 0, 2)]
            settings = Settings(data_dir=Path("unused"), invoke_timeout_s=30)
            behind = await start_server(in_main, sock=sock, max_body_bytes=1000)
            opened.push_async_callback(behind.close, 0)
            gateways = GatewayProcesses(public, unix_socket.name_of(sock), settings)
            opened.push_async_callback(gateways.close, 0)
            await gateways.start()
            await gateways.serve()
            await test(Stage(gateways, public[0].getsockname()[1]))

    uvloop.run(asyncio.wait_for(main(), BOUND_S))


@contextlib.asynccontextmanager
async def container(answer: bytes = b"") -> AsyncIterator[HttpServer]:
    async def handle(request: Request) -> Response:
        return Response(200, [], answer or request.body)

    started = await start_server(handle, max_body_bytes=1000)
    try:
        yield started
    finally:
        await started.close(0)


def process_of(response: Response) -> bytes:
    """Request ids begin with what is one process's own."""
    assert response.status == 200, response.body
    return (response.header(b"x-amzn-requestid") or b"")[:24]


def test_connections_spread_over_the_processes_and_what_is_not_theirs_is_the_main_processes() -> None:
    async def test(stage: Stage) -> None:
        async with container() as only:
            stage.put("i-1", only)
            assert await stage.gateways.drained((), BOUND_S)
            answers = [await stage.ask_anew() for _ in range(64)]
            spread = Counter(map(process_of, answers))
            assert len(spread) == 2
            assert min(spread.values()) >= 16, spread  # of 64, by chance: less in one of 100,000 runs
            for target in (b"/", b"/endpoints/e/async-invocations", b"/endpoints"):
                assert (await stage.ask_anew(target=target)).header(b"x-by") == b"main"
            counted = await stage.gateways.gather()
            assert sum(counts.invocations for counts in counted) == 64
            assert await stage.gateways.gather() == []
            stage.gateways.drop(REGION, "e")
            assert await stage.gateways.drained((), BOUND_S)
            assert (await stage.ask_anew()).status == 400

    run(test)


def test_the_main_process_can_answer_invocations_for_a_while_also_when_a_process_is_started_again() -> None:
    async def test(stage: Stage) -> None:
        async with container() as only:
            stage.put("i-1", only)
            await stage.gateways.drained((), BOUND_S)
            http = HttpClient()
            assert (await stage.ask(http)).header(b"x-by") is None
            await stage.gateways.pass_invocations_on(True)
            assert (await stage.ask(http)).header(b"x-by") == b"main"  # on a connection that was there before
            before = stage.pids()
            for pid in before:
                os.kill(pid, signal.SIGKILL)
            await until(
                lambda: not set(before) & set(stage.pids()) and len(stage.pids()) == 2, "they are back", bound_s=60
            )
            assert [(await stage.ask_anew()).header(b"x-by") for _ in range(8)] == [b"main"] * 8
            await stage.gateways.pass_invocations_on(False)
            assert (await stage.ask_anew()).header(b"x-by") is None
            await http.close()

    run(test)


def test_an_instance_is_drained_when_no_process_has_a_request_under_way_on_it() -> None:
    async def test(stage: Stage) -> None:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def wait(request: Request) -> Response:
            begun.set()
            await may_end.wait()
            return Response(200, [], b"late")

        slow = await start_server(wait, max_body_bytes=1000)
        async with container() as other:
            stage.put("i-1", slow)
            await stage.gateways.drained((), BOUND_S)
            late = asyncio.create_task(stage.ask_anew())
            await begun.wait()
            stage.put("i-2", other)
            assert await stage.gateways.drained(["i-2"], BOUND_S)
            assert not await stage.gateways.drained(["i-1", "i-2"], 0.05)
            drained = asyncio.create_task(stage.gateways.drained(["i-1"], BOUND_S))
            assert (await stage.ask_anew()).body == b"hi"
            assert not drained.done()
            may_end.set()
            assert (await late).body == b"late"
            assert await drained
        await slow.close(0)

    run(test)


def test_no_request_is_lost_while_one_instance_after_the_other_is_replaced() -> None:
    async def test(stage: Stage) -> None:
        answered, stop = Counter[bytes](), asyncio.Event()

        async def load() -> None:
            http = HttpClient()
            while not stop.is_set():
                response = await stage.ask(http)
                assert response.status == 200, response.body
                answered[response.body] += 1
            await http.close()

        async with contextlib.AsyncExitStack() as opened:
            old = contextlib.AsyncExitStack()
            stage.put("i-0", await old.enter_async_context(container(b"0")))
            await stage.gateways.drained((), BOUND_S)
            users = [asyncio.create_task(load()) for _ in range(8)]
            opened.callback(stop.set)
            for number in range(1, 21):
                new = contextlib.AsyncExitStack()
                stage.put(f"i-{number}", await new.enter_async_context(container(b"%d" % number)))
                assert await stage.gateways.drained([f"i-{number - 1}"], BOUND_S)
                await old.aclose()  # what is still sent to it is lost
                old = new
                seen = answered[b"%d" % number]
                await until(lambda seen=seen, at=b"%d" % number: answered[at] > seen, "the new one answers")  # type: ignore[misc]
            stop.set()
            await asyncio.gather(*users)
            await old.aclose()

    run(test)


def test_a_process_that_dies_is_started_again_with_all_routes(caplog: object) -> None:
    async def test(stage: Stage) -> None:
        async with container() as only:
            stage.put("i-1", only)
            before = set(stage.pids())
            for pid in before:
                os.kill(pid, signal.SIGKILL)
            # A connection that comes meanwhile waits in the socket until there is somebody to accept it.
            answers = [await stage.ask_anew() for _ in range(20)]
            assert {answer.status for answer in answers} == {200}
            assert not before & set(stage.pids())
            assert await stage.gateways.drained(["i-1"], BOUND_S)

    run(test)


def test_a_thousand_idle_connections_fit_into_the_memory_that_is_claimed() -> None:
    async def test(stage: Stage) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        head = b"POST /endpoints/e/invocations HTTP/1.1\r\nAuthorization: %b\r\nContent-Length: 900\r\n\r\n" % SIGNED
        async with container() as only, contextlib.AsyncExitStack() as opened:
            opened.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
            stage.put("i-1", only)
            await stage.gateways.drained((), BOUND_S)
            for _ in range(1000):
                reader, writer = await opened.enter_async_context(connected(stage.port))
                writer.write(head + b"x" * 900)
                assert (await read_answer(reader))[0] == 200
            assert sum(map(pss_mib, stage.pids())) < 100  # at most 150 is the claim

    run(test)


def pss_mib(pid: int) -> float:
    """What the process has for itself, and its part of what it shares."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.findall(r"^Pss:\s+(\d+)", rollup, re.M)[0]) / 1024


def test_closing_answers_what_is_under_way_and_hands_the_last_counts_over() -> None:
    async def test(stage: Stage) -> None:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def wait(request: Request) -> Response:
            begun.set()
            await may_end.wait()
            return Response(200, [], b"late")

        slow = await start_server(wait, max_body_bytes=1000)
        stage.put("i-1", slow)
        await stage.gateways.drained((), BOUND_S)
        late = asyncio.create_task(stage.ask_anew())
        await begun.wait()
        pids = stage.pids()
        closing = asyncio.create_task(stage.gateways.close(BOUND_S))
        await asyncio.sleep(0)
        may_end.set()
        assert (await late).body == b"late"
        await closing
        assert [counts.invocations for counts in await stage.gateways.gather()] == [1]
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        await slow.close(0)

    run(test)

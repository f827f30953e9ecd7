"""`python -m include.sagemaker_local load` against a server on loopback."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from include.sagemaker_local.load.document import read_document
from tests.fakes.gateway import FakeGateway, busy, healthy, serving
from tests.fakes.server_process import PROJECT

T = TypeVar("T")
BOUND_S = 60.0


def within_bound(test: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(test, BOUND_S))


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "include.sagemaker_local", "load", *arguments),
        cwd=PROJECT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def url(gateway: FakeGateway) -> str:
    return f"http://127.0.0.1:{gateway.port}/predict?x=1"


def test_a_constant_load_with_its_reports_and_thresholds(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(busy(workers=2, service_s=0.002)) as gateway:
            arguments = ["-c", "2", "-d", "1.2s", "--warm-up", "100ms", "-b", "1,2", "-b", "3,4", "-H", "X-Who: me"]
            results = ["--json", "-", "--html", str(tmp_path / "x.html"), "--fail-if", "p50>1ms", "--fail-if", "rps<1"]
            process = await start(url(gateway), *arguments, "--content-type", "text/csv", *results)
            document, said = await process.communicate()

        assert process.returncode == 1, said.decode()
        assert set(gateway.targets) == {"/predict?x=1"}
        assert abs(gateway.bodies[b"1,2"] - gateway.bodies[b"3,4"]) <= 2
        head = gateway.heads[0]
        assert (head["x-who"], head["content-type"], "authorization" in head) == ("me", "text/csv", False)
        test = read_document(document)
        assert test.target["name"] == url(gateway)
        assert test.ended_by == "its time was over"
        assert [(judged.fail_if, judged.crossed) for judged in test.thresholds] == [("p50>1ms", True), ("rps<1", False)]
        (stage,) = test.stages
        assert (stage.users, stage.failed) == (2, 0)
        assert stage.succeeded == stage.latency.count > 10
        assert 1.2 <= stage.span_s < sum(interval.seconds for interval in test.timeline)
        assert dict(stage.container_latency)["model"].mean_us() == 2_000
        assert "p50>1ms" in said.decode()
        html = (tmp_path / "x.html").read_text()
        assert html.startswith("<!doctype html>")
        assert html.count("<svg") == 4

    within_bound(scenario())


def test_ctrl_c_ends_the_load_at_once_and_still_says_what_was_seen(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(busy(workers=1, service_s=0.002)) as gateway:
            process = await start(
                *(url(gateway), "-d", "10m", "--warm-up", "0", "-b", "x", "--json", str(tmp_path / "x.json"))
            )
            while gateway.requests < 1_000:  # two seconds and more, so that there is something to say
                gateway.asked.clear()
                await gateway.asked.wait()
            process.send_signal(signal.SIGINT)
            said, log = await process.communicate()
            await asyncio.wait_for(gateway.abandoned.wait(), BOUND_S)

        assert process.returncode == 130, log.decode()
        assert b"it was interrupted" in said
        test = read_document((tmp_path / "x.json").read_bytes())
        assert test.interrupted
        assert sum(stage.succeeded for stage in test.stages) == sum(each.succeeded for each in test.timeline) > 0

    within_bound(scenario())


def test_nothing_that_answers_is_status_1() -> None:
    async def scenario() -> None:
        async with serving(healthy) as gateway:
            nobody = url(gateway)
        process = await start(nobody, "-c", "1", "-d", "300ms", "--warm-up", "0")
        said, log = await process.communicate()
        assert (process.returncode, b"Connection refused" in said) == (1, True), log.decode()

    within_bound(scenario())

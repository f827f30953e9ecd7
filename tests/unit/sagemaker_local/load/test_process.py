"""The generator in a process of its own: it runs the plan, and it never outlives what started it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Coroutine
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.load import process as process_module
from include.sagemaker_local.load.course import Ramp
from include.sagemaker_local.load.plan import LoadPlan, Tls
from include.sagemaker_local.load.process import drive
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.rules import StopRules
from include.sagemaker_local.load.stage import Failure, StageResult
from include.sagemaker_local.wire.sigv4 import Key
from tests.fakes.certificates import loopback_certificate
from tests.fakes.gateway import FakeGateway, Hang, Reply, busy, serving

T = TypeVar("T")
LIMIT_S = 60.0

# A parent that starts a load and then does nothing; the test kills it.
PARENT = """
import asyncio, json, sys
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.process import drive

async def main():
    async for _ in drive(LoadPlan.from_json(json.loads(sys.stdin.readline()))):
        pass

asyncio.run(main())
"""


def within_limit(test: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(test, LIMIT_S))


def plan(port: int, *, endless: bool = False, rules: StopRules | None = None) -> LoadPlan:
    return LoadPlan(
        host="127.0.0.1",
        port=port,
        target="/endpoints/e/invocations",
        headers=(("content-type", "text/csv"),),
        payloads=(b"1,2\n", b"3,4\n"),
        course=Ramp(600 if endless else 0.15),
        rules=rules or StopRules(max_invocations_per_minute=1),
        timeout_s=20,
        key=Key("AKIDEXAMPLE", "secret"),
        region="eu-west-1",
    )


async def load_has_ended(gateway: FakeGateway) -> None:
    """Wait until every connection has gone; what is left running would open new ones and ask again."""
    await asyncio.wait_for(gateway.abandoned.wait(), 20)
    assert not gateway.connections


def children() -> set[int]:
    with open(f"/proc/self/task/{os.getpid()}/children") as listing:  # noqa: PTH123 - procfs
        return {int(pid) for pid in listing.read().split()}


def test_it_yields_the_stages_of_the_plan() -> None:
    async def scenario() -> None:
        async with serving(busy(workers=1, service_s=0.002)) as gateway:
            stages = [stage async for stage in drive(plan(gateway.port))]

        assert [stage.users for stage in stages] == [1]
        assert stages[0].succeeded >= 10
        assert stages[0].failed == 0
        assert stages[0].model_latency.mean_us() == 2_000
        assert set(gateway.bodies) == {b"1,2\n", b"3,4\n"}

    within_limit(scenario())


def test_whoever_wants_is_told_what_each_second_was_like() -> None:
    async def scenario() -> None:
        told: list[Progress] = []
        load = replace(plan(0), course=Ramp(1.3))
        async with serving(busy(workers=1, service_s=0.002)) as gateway:
            began_s = time.time()
            async for _ in drive(replace(load, port=gateway.port), told.append):
                pass

        assert told
        assert began_s < told[0].at_s <= time.time()
        assert (told[0].users, told[0].failed) == (1, 0)
        assert told[0].succeeded == told[0].latency.count == told[0].model_latency.count > 0

    within_limit(scenario())


@pytest.mark.skipif(sys.platform != "linux", reason="processes are kept to cores on Linux only")
def test_it_keeps_to_the_cores_that_it_is_given_and_says_so() -> None:
    async def scenario() -> None:
        core, before = min(os.sched_getaffinity(0)), children()
        load = replace(plan(0, rules=StopRules(stop_when_flat=False)), cores=(core,))
        async with (
            serving(busy(workers=1, service_s=0.002)) as gateway,
            aclosing(drive(replace(load, port=gateway.port))) as stages,
        ):
            stage = await anext(stages)
            (worker,) = children() - before
            assert os.sched_getaffinity(worker) == {core}

        assert stage.generator_cores == (core,)

    within_limit(scenario())


def test_an_encrypted_target_has_to_prove_who_it_is(tmp_path: Path) -> None:
    context, trusted = loopback_certificate(tmp_path)

    async def first_stage(tls: Tls) -> StageResult:
        async with serving(busy(workers=1, service_s=0.002), tls=context) as gateway:
            (stage,) = [stage async for stage in drive(replace(plan(gateway.port), tls=tls))]
            return stage

    believed = within_limit(first_stage(Tls(str(trusted))))
    assert (believed.failed, believed.succeeded >= 10) == (0, True)
    doubted = within_limit(first_stage(Tls()))
    assert doubted.succeeded == 0
    assert set(doubted.failures) == {Failure.CONNECTION}
    assert "certificate verify failed" in str(doubted.first_failure)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the list of child processes from procfs")
@pytest.mark.parametrize("how", ["cancel", "aclose"])
def test_stopping_it_leaves_no_load_and_no_process(how: str) -> None:
    async def run_to_the_end(load: LoadPlan) -> None:
        async for _ in drive(load):
            pass

    async def scenario() -> None:
        before = children()
        async with serving(busy(workers=1, service_s=0.002)) as gateway:
            if how == "cancel":
                task = asyncio.create_task(run_to_the_end(plan(gateway.port, endless=True)))
                await gateway.asked.wait()
                task.cancel()
                await asyncio.wait({task})
                assert task.cancelled()
            else:
                async with aclosing(drive(plan(gateway.port, rules=StopRules(stop_when_flat=False)))) as stages:
                    await anext(stages)
            await load_has_ended(gateway)
        assert children() == before

    within_limit(scenario())


def test_it_dies_with_a_parent_that_was_killed() -> None:
    async def scenario() -> None:
        async with serving(busy(workers=1, service_s=0.002)) as gateway:
            parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdin=asyncio.subprocess.PIPE)
            assert parent.stdin is not None
            parent.stdin.write(json.dumps(plan(gateway.port, endless=True).to_json()).encode() + b"\n")
            await gateway.asked.wait()

            parent.send_signal(signal.SIGKILL)
            await parent.wait()

            await load_has_ended(gateway)

    within_limit(scenario())


def test_a_load_on_an_endpoint_that_hangs_can_be_stopped() -> None:
    async def hang(number: int) -> Reply:
        raise Hang

    async def scenario() -> None:
        async with serving(hang) as gateway:
            task = asyncio.create_task(anext(drive(plan(gateway.port))))
            await gateway.asked.wait()
            task.cancel()
            await asyncio.wait({task})
            await load_has_ended(gateway)

    within_limit(scenario())


def test_a_generator_that_breaks_is_reported_with_its_last_words() -> None:
    async def scenario() -> None:
        broken = plan(1)
        object.__setattr__(broken, "payloads", ())  # which no generator takes
        with pytest.raises(HostError, match=r"the load generator ended with status 1: .*needs a payload"):
            async for _ in drive(broken):
                pass

    within_limit(scenario())


def test_it_does_not_depend_on_the_working_directory(
    tmp_path: os.PathLike[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (process_module._PROJECT_DIR / "include" / "sagemaker_local" / "load" / "worker.py").is_file()
    test_it_yields_the_stages_of_the_plan()

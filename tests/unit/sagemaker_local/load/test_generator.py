"""The generator against a real server. Counts and classes are asserted, never speeds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from include.sagemaker_local.http1.messages import Request
from include.sagemaker_local.load.connection import Connection, Kit, Owner
from include.sagemaker_local.load.course import ConstantRate, Phase, Phases, Ramp, next_step
from include.sagemaker_local.load.dialer import Dialer
from include.sagemaker_local.load.generator import Generator
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.rules import StopReason, StopRules
from include.sagemaker_local.load.stage import Failure, StageResult
from include.sagemaker_local.wire.sigv4 import Key
from include.sagemaker_local.wire.verification import Verifier
from tests.fakes.gateway import Drop, Hang, Reply, busy, serving

T = TypeVar("T")

LIMIT_S = 60.0
ONE_STAGE = StopRules(max_invocations_per_minute=1)


def within_limit(test: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(test, LIMIT_S))


def plan(port: int, *, rules: StopRules = ONE_STAGE, payloads: int = 1, timeout_s: float = 20) -> LoadPlan:
    return LoadPlan(
        host="127.0.0.1",
        port=port,
        target="/endpoints/e/invocations",
        headers=(("content-type", "text/csv"),),
        payloads=tuple(b"payload-%d" % number for number in range(payloads)),
        course=Ramp(0.15),
        rules=rules,
        timeout_s=timeout_s,
        key=Key("AKIDEXAMPLE", "secret"),
        region="eu-west-1",
    )


async def all_stages(load: LoadPlan) -> list[StageResult]:
    return [stage async for stage in generator(load).stages()]


def generator(load: LoadPlan, on_progress: Callable[[Progress], None] | None = None) -> Generator:
    return Generator(load, Dialer(load.host, load.port, load.timeout_s), on_progress=on_progress)


def test_users_wait_for_an_answer_before_they_send_again() -> None:
    async def scenario() -> None:
        under_way, most, changed = 0, 0, asyncio.Event()

        async def behaviour(number: int) -> Reply:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.002)
            under_way -= 1
            changed.set()
            return Reply()

        async with serving(behaviour) as gateway:
            stages = await all_stages(plan(gateway.port, rules=StopRules()))

        last = max(stage.users for stage in stages)
        assert most <= last
        assert gateway.most_connections <= last  # one keep-alive connection a user

    within_limit(scenario())


def test_in_all_nothing_that_was_answered_is_left_out_of_what_is_told() -> None:
    """A load that is shorter than a second is told of, too, and so is the rest of a longer one."""
    told: list[Progress] = []

    async def scenario() -> list[StageResult]:
        async with serving(busy(workers=1, service_s=0.002)) as gateway:
            stages = [stage async for stage in generator(plan(gateway.port), told.append).stages()]
            asked = gateway.bodies.total()
        assert asked - 1 <= sum(progress.requests for progress in told) <= asked  # one may have been under way
        return stages

    (stage,) = within_limit(scenario())
    assert stage.succeeded <= told[-1].latency.count
    assert told[-1].users == 1


def test_users_double_until_a_busy_endpoint_is_saturated() -> None:
    async def scenario() -> None:
        async with serving(busy(workers=1, service_s=0.01)) as gateway:
            load = plan(gateway.port, rules=StopRules())
            stages = await all_stages(load)

        users = [stage.users for stage in stages]
        assert users[:3] == [1, 2, 4]
        assert isinstance(next_step(load.course, stages, load.rules), StopReason)
        assert all(stage.failed == 0 and stage.succeeded >= 10 for stage in stages)
        # A worker that sleeps 10 ms at least cannot answer more often than that, however noisy the host.
        assert all(stage.per_second <= 101 for stage in stages)

    within_limit(scenario())


def test_every_payload_is_used_as_often_as_every_other() -> None:
    async def scenario() -> None:
        async with serving() as gateway:
            stages = await all_stages(plan(gateway.port, payloads=7))

        assert len(gateway.bodies) == 7
        # What is under way when the load ends may or may not have arrived.
        assert max(gateway.bodies.values()) - min(gateway.bodies.values()) <= 1 + stages[-1].users

    within_limit(scenario())


def test_requests_are_those_of_the_plan_and_signed_with_its_key() -> None:
    async def scenario() -> None:
        async with serving() as gateway:
            await all_stages(plan(gateway.port))

        assert set(gateway.targets) == {"/endpoints/e/invocations"}
        head = gateway.heads[0]
        assert head["content-type"] == "text/csv"
        assert head["host"] == f"127.0.0.1:{gateway.port}"
        assert "/eu-west-1/sagemaker/aws4_request" in head["authorization"]
        headers = [(name.encode(), value.encode()) for name, value in head.items()]
        sent = Request(b"POST", b"/endpoints/e/invocations", headers, b"payload-0")
        Verifier({"AKIDEXAMPLE": "secret"}, time.time).verify(sent)

    within_limit(scenario())


def test_model_latency_is_the_containers_own_and_the_client_sees_more() -> None:
    async def slow_around_a_fast_model(number: int) -> Reply:
        await asyncio.sleep(0.005)
        return Reply(containers="featurize=1000,predict=2000")

    async def scenario() -> None:
        async with serving(slow_around_a_fast_model) as gateway:
            (stage,) = await all_stages(plan(gateway.port))

        assert stage.model_latency.mean_us() == 3_000
        assert {name: each.mean_us() for name, each in stage.container_latency.items()} == {
            "featurize": 1_000,
            "predict": 2_000,
        }
        assert stage.latency.lowest_us >= 4_900

    within_limit(scenario())


def test_what_the_server_answered_is_what_is_counted() -> None:
    async def behaviour(number: int) -> Reply:
        if number % 4 == 0:
            return Reply(status=424, body=b"model broke")
        return Reply(status=400, body=b"bad input") if number % 4 == 2 else Reply()

    async def scenario() -> None:
        async with serving(behaviour) as gateway:
            (stage,) = await all_stages(plan(gateway.port, rules=StopRules()))

        assert set(stage.failures) == {Failure.CLIENT_ERROR, Failure.SERVER_ERROR}
        # One user: the answers of the measured part are consecutive, so the classes differ by one at most.
        assert abs(stage.failures[Failure.CLIENT_ERROR] - stage.failures[Failure.SERVER_ERROR]) <= 1
        assert abs(stage.succeeded - stage.failed) <= 1
        classes = {424: stage.failures[Failure.SERVER_ERROR], 400: stage.failures[Failure.CLIENT_ERROR]}
        assert stage.failed_statuses == classes
        assert stage.first_failure in ("HTTP 424 model broke", "HTTP 400 bad input")

    within_limit(scenario())


def test_dropped_connections_are_counted_and_not_tried_again() -> None:
    async def drop(number: int) -> Reply:
        raise Drop

    async def scenario() -> None:
        async with serving(drop) as gateway:
            (stage,) = await all_stages(plan(gateway.port, rules=StopRules()))

        assert set(stage.failures) == {Failure.CONNECTION}
        assert stage.succeeded == 0
        assert gateway.requests >= stage.failed

    within_limit(scenario())


def test_a_refused_connection_is_a_failure_and_not_a_crash() -> None:
    async def scenario() -> None:
        async with serving() as gateway:
            port = gateway.port
        (stage,) = await all_stages(plan(port, rules=StopRules()))

        assert set(stage.failures) == {Failure.CONNECTION}

    within_limit(scenario())


def test_an_endpoint_that_never_answers_gives_timeouts() -> None:
    async def hang(number: int) -> Reply:
        raise Hang

    async def scenario() -> None:
        async with serving(hang) as gateway:
            (stage,) = await all_stages(plan(gateway.port, rules=StopRules(), timeout_s=0.05))

        assert set(stage.failures) == {Failure.TIMEOUT}

    within_limit(scenario())


def test_one_request_in_flight_is_never_sent_twice() -> None:
    async def scenario() -> None:
        async with serving(busy(workers=2, service_s=0.002)) as gateway:
            (stage,) = await all_stages(plan(gateway.port))

        # All that was sent: warm-up, the opening answer, the measured ones, and what was under way at the end.
        assert gateway.requests >= stage.succeeded + 1

    within_limit(scenario())


def test_closing_it_in_the_middle_of_a_stage_leaves_no_user_behind() -> None:
    async def scenario() -> None:
        async with serving(busy(workers=1, service_s=0.005)) as gateway:
            async with aclosing(generator(plan(gateway.port, rules=StopRules())).stages()) as stages:
                await anext(stages)
            await gateway.abandoned.wait()
            after = gateway.requests
            others = asyncio.all_tasks() - {asyncio.current_task()}

            assert not [task for task in others if "_User" in repr(task)]
            assert gateway.requests == after

    within_limit(scenario())


def test_a_bug_of_ours_ends_the_test_with_its_error_and_is_not_the_endpoints_failure() -> None:
    class Buggy:
        async def connect(self, kit: Kit, owner: Owner) -> Connection:
            raise ZeroDivisionError

    async def scenario() -> None:
        with pytest.raises(ZeroDivisionError):
            async for _ in Generator(plan(1), Buggy()).stages():
                raise AssertionError("a stage came out of nothing")

    within_limit(scenario())


def test_users_stay_from_step_to_step_and_those_that_are_too_many_leave_with_an_answer() -> None:
    phases = Phases((Phase(3, 0, 0.3), Phase(5, 0, 0.3), Phase(2, 0, 0.3)))

    async def scenario() -> None:
        async with serving(busy(workers=8, service_s=0.002)) as gateway:
            load = replace(plan(gateway.port), course=phases, rules=StopRules(stop_when_flat=False))
            stages = [(stage, len(gateway.connections)) async for stage in generator(load).stages()]

        assert [(stage.users, connections) for stage, connections in stages] == [(3, 3), (5, 5), (2, 2)]
        assert all(stage.failed == 0 for stage, _ in stages)
        assert gateway.accepted == 5

    within_limit(scenario())


def test_an_open_loop_sends_at_its_rate_over_few_connections() -> None:
    async def scenario() -> None:
        async with serving(busy(workers=8, service_s=0.001)) as gateway:
            began_s = time.perf_counter()
            course = ConstantRate(200, 0.5, most_in_flight=5, warm_up_s=0.1)
            (stage,) = await all_stages(replace(plan(gateway.port), course=course, rules=StopRules()))
            lasted_s = time.perf_counter() - began_s

        assert stage.rate_per_s == 200
        assert gateway.requests <= 1 + 200 * lasted_s  # none before it was due, even where others had to catch up
        assert gateway.requests + 5 + stage.waiting >= 200 * (0.1 + stage.span_s)  # what was due is sent or waiting
        assert stage.service_latency.count == stage.latency.count == stage.succeeded
        assert gateway.most_connections <= 5
        assert 0 < stage.generator_share <= 1

    within_limit(scenario())

"""Rolling deployments: batches of the new fleet in, batches of the old one out, and the way back."""

from __future__ import annotations

from typing import Any

from include.sagemaker_local.lifecycle import EndpointStatus
from tests.fakes.runtime import crash, slow
from tests.fakes.supervised import REGION, Stage, plan
from tests.fakes.waiting import until
from tests.unit.sagemaker_local.supervisor.conftest import Run
from tests.unit.sagemaker_local.supervisor.test_rollout import ALARM, live, shares, waiting

OLD, NEW = plan("old", "a", instances=4), plan("new", "b", instances=4)


def rolling(percent: int = 50, wait_s: int = 60, back_percent: int | None = None, **more: Any) -> dict[str, Any]:
    """Batches of `percent`; the alarm watches."""
    policy: dict[str, Any] = {"MaximumBatchSize": size(percent), "WaitIntervalInSeconds": wait_s, **more}
    if back_percent is not None:
        policy["RollbackMaximumBatchSize"] = size(back_percent)
    return {"RollingUpdatePolicy": policy, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": ALARM}]}}


def size(percent: int) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": percent}


async def updating(stage: Stage, config: dict[str, Any]) -> None:
    """Rolls from OLD to NEW and has come to the first bake."""
    stage.alarms.held[ALARM] = "OK"
    stage.create("e", OLD)
    await stage.rest(EndpointStatus.IN_SERVICE)
    stage.update("e", NEW, config)
    await waiting(stage)


def running(stage: Stage) -> dict[str, int]:
    names = [process.name for process in stage.runtime.running]
    return {config: names.count(name) for config, name in (("old", "a"), ("new", "b"))}


def routed(stage: Stage) -> dict[str | None, int]:
    return {one.config_name: len(one.instances) for one in stage.route().variants}


async def next_batch(stage: Stage, wait_s: float = 60) -> None:
    stage.pace.advance(wait_s)
    await until(lambda: stage.pace.sleeping, "the next batch bakes")


def test_each_batch_bakes_before_as_many_of_the_old_instances_end(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, rolling(30))  # of 4: batches of 2
        assert (running(stage), routed(stage)) == ({"old": 4, "new": 2}, {"old": 4, "new": 2})
        assert shares(stage) == {"old": 0.5, "new": 0.5}
        await next_batch(stage)
        assert (running(stage), routed(stage)) == ({"old": 2, "new": 4}, {"new": 4})
        reached = stage.endpoint().stage
        assert reached is not None
        assert (reached.status, reached.blue, reached.green) == ("Baking", (2,), (4,))
        stage.pace.advance(60)
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert (live(record), record.live, record.failure_reason) == ("new", NEW, None)
        assert running(stage) == {"old": 0, "new": 4}

    run(test)


def test_never_more_than_a_batch_above_the_fleet(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, rolling(25, wait_s=1))
        seen = [running(stage)]
        for _ in range(3):
            await next_batch(stage, 1)
            seen.append(running(stage))
        assert seen == [{"old": 4 - batch, "new": batch + 1} for batch in range(4)]
        stage.pace.advance(1)
        await stage.rest(EndpointStatus.IN_SERVICE)

    run(test)


def test_an_old_instance_ends_only_after_its_requests(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, rolling())
        request = stage.invoke(instance=3, variant=0)
        stage.pace.advance(60)
        await until(lambda: routed(stage)["old"] == 2, "two get no more requests")
        assert running(stage) == {"old": 4, "new": 2}
        reached = stage.endpoint().stage
        assert reached is not None
        assert reached.status == "Deleting"
        stage.answer(request)
        await waiting(stage)
        assert running(stage) == {"old": 2, "new": 4}

    run(test)


def test_an_alarm_brings_all_old_instances_back_before_they_get_the_traffic(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, rolling())
        await next_batch(stage)
        late = slow()
        stage.runtime.scripts["a"] = [late]
        stage.alarms.held[ALARM] = "ALARM"
        stage.pace.advance(1)
        await until(lambda: not stage.runtime.scripts["a"], "old instances are being started")
        assert (stage.endpoint().status, routed(stage)) == (EndpointStatus.ROLLING_BACK, {"new": 4})
        assert late.started is not None
        late.started.set()
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert (live(record), ALARM in str(record.failure_reason)) == ("old", True)
        assert (running(stage), shares(stage)) == ({"old": 4, "new": 0}, {"old": 1.0})

    run(test)


def test_a_rollback_in_batches_gives_up_new_instances_step_by_step(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, rolling(50, back_percent=25))
        await next_batch(stage)
        assert running(stage) == {"old": 2, "new": 4}
        last = slow()
        stage.runtime.scripts["a"] = [slow_started := slow(), last]
        assert slow_started.started is not None
        slow_started.started.set()
        stage.alarms.held[ALARM] = "ALARM"
        stage.pace.advance(1)
        await until(lambda: not stage.runtime.scripts["a"], "the second batch is being started")
        assert (running(stage), shares(stage)) == ({"old": 3, "new": 1}, {"old": 0.75, "new": 0.25})
        assert last.started is not None
        last.started.set()
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert (live(record), running(stage), shares(stage)) == ("old", {"old": 4, "new": 0}, {"old": 1.0})

    run(test)


def test_a_batch_that_does_not_come_up_rolls_back(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, rolling())
        stage.runtime.scripts["b"] = [crash()]
        stage.pace.advance(60)
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert (live(record), running(stage)) == ("old", {"old": 4, "new": 0})
        assert "did not pass the ping health check" in str(record.failure_reason)

    run(test)


async def failed_rollback(stage: Stage) -> None:
    """Half of each fleet is in service, and the other half of the old one did not come up again."""
    await updating(stage, rolling(25))
    await next_batch(stage)
    assert running(stage) == {"old": 3, "new": 2}
    stage.runtime.scripts["a"] = [crash()]
    stage.alarms.held[ALARM] = "ALARM"
    stage.pace.advance(1)
    await stage.rest(EndpointStatus.UPDATE_ROLLBACK_FAILED)


def test_a_rollback_that_fails_leaves_both_fleets_in_service(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await failed_rollback(stage)
        record = stage.endpoint()
        assert ALARM in str(record.failure_reason)
        assert "The rollback failed too: The primary container" in str(record.failure_reason)
        assert (running(stage), shares(stage)) == ({"old": 3, "new": 2}, {"old": 0.6, "new": 0.4})
        assert record.live is not None
        assert [(one.config_name, one.instance_count) for one in record.live.variants] == [("old", 3), ("new", 2)]
        before = stage.route()
        next(process for process in stage.runtime.running if process.name == "b").script.exit_code = 1
        await until(lambda: stage.route() is not before, "instances of the new config are looked after too")
        assert shares(stage) == {"old": 0.6, "new": 0.4}

    run(test)


def test_the_next_update_brings_a_mixture_to_one_config_rolling_or_not(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await failed_rollback(stage)
        stage.alarms.held[ALARM] = "OK"
        stage.update("e", plan("newest", "c", instances=2), rolling())
        await waiting(stage)
        assert len(stage.runtime.running) == 6
        await next_batch(stage)
        assert shares(stage) == {"newest": 1.0}
        assert running(stage) == {"old": 2, "new": 1}  # halves, rounded up
        stage.pace.advance(60)
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert (live(record), running(stage), len(stage.runtime.running)) == ("newest", {"old": 0, "new": 0}, 2)

    run(test)


def test_a_mixture_serves_again_after_a_restart_and_stays_what_it_is(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await failed_rollback(stage)
        await stage.supervisor.reset()
        assert stage.routes.get(REGION, "e") is None
        await stage.supervisor.start()
        await until(lambda: stage.routes.get(REGION, "e"), "both configs serve again")
        assert (running(stage), shares(stage)) == ({"old": 3, "new": 2}, {"old": 0.6, "new": 0.4})
        assert stage.endpoint().status is EndpointStatus.UPDATE_ROLLBACK_FAILED
        stage.delete("e")
        await until(lambda: stage.store.endpoint(REGION, "e") is None, "it is deleted")
        assert stage.runtime.running == []

    run(test)


def test_a_restart_in_the_middle_begins_again_with_the_whole_old_fleet(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, rolling())
        await next_batch(stage)
        await stage.supervisor.reset()
        await stage.supervisor.start()
        await waiting(stage)
        assert (running(stage), shares(stage)) == ({"old": 4, "new": 2}, {"old": 0.5, "new": 0.5})
        await next_batch(stage)
        stage.pace.advance(60)
        assert live(await stage.rest(EndpointStatus.IN_SERVICE)) == "new"

    run(test)


def test_fewer_or_more_instances_than_before(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.alarms.held[ALARM] = "OK"
        stage.create("e", OLD)
        await stage.rest(EndpointStatus.IN_SERVICE)
        stage.update("e", plan("more", "a", instances=7), rolling(wait_s=0))
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert (live(record), len(stage.runtime.running)) == ("more", 7)
        stage.update("e", plan("one", "b", instances=1), rolling(wait_s=0))
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert (live(record), len(stage.runtime.running)) == ("one", 1)

    run(test)

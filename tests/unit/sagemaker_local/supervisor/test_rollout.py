"""Deployments with guardrails: who has the traffic after each step, and what an alarm does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from include.sagemaker_local.lifecycle import EndpointEvent, EndpointStatus
from include.sagemaker_local.store.records import EndpointRecord
from tests.fakes.runtime import crash, mute
from tests.fakes.supervised import REGION, Stage, plan
from tests.fakes.waiting import until
from tests.unit.sagemaker_local.supervisor.conftest import Run

ALARM = "too-slow"


def config(kind: str = "ALL_AT_ONCE", wait_s: int = 60, bake_s: int = 300, **more: Any) -> dict[str, Any]:
    """10 % steps; the alarm watches."""
    member = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(kind)
    size = {member: {"Type": "CAPACITY_PERCENT", "Value": 50}} if member else {}
    routing = {"Type": kind, "WaitIntervalInSeconds": wait_s, **size}
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": bake_s,
            **more,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": ALARM}]},
    }


def shares(stage: Stage) -> dict[str | None, float]:
    """Traffic by config."""
    variants = stage.route().variants
    total = sum(variant.weight for variant in variants)
    return {one.config_name: round(one.weight / total, 6) for one in variants}


async def waiting(stage: Stage) -> None:
    await until(lambda: stage.pace.sleeping, "the deployment waits")


async def updating(stage: Stage, guardrails: dict[str, Any], instances: int = 2) -> None:
    stage.alarms.held[ALARM] = "OK"
    stage.create("e", plan("old", "a", instances=instances))
    await stage.rest(EndpointStatus.IN_SERVICE)
    stage.update("e", plan("new", "a", instances=instances), guardrails)
    await waiting(stage)


def live(record: EndpointRecord) -> str:
    assert record.live is not None
    return record.live.config_name


def test_a_canary_has_its_part_of_the_traffic_then_all_of_it_and_then_the_old_fleet_ends(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, config("CANARY"))
        assert shares(stage) == {"old": 0.5, "new": 0.5}
        assert [len(variant.instances) for variant in stage.route().variants] == [2, 1]
        canary = stage.endpoint().stage
        assert canary is not None
        assert canary.status == "Baking"
        stage.pace.advance(59)
        await waiting(stage)
        assert shares(stage) == {"old": 0.5, "new": 0.5}
        stage.pace.advance(1)
        await until(lambda: shares(stage) == {"new": 1.0}, "all traffic is shifted")
        await waiting(stage)
        assert stage.endpoint().status is EndpointStatus.UPDATING
        assert len(stage.runtime.running) == 4
        stage.pace.advance(300)
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert (live(record), record.stage, record.failure_reason) == ("new", None, None)
        assert record.deployment_config == config("CANARY")
        assert len(stage.runtime.running) == 2

    run(test)


def test_linear_steps_follow_one_another(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, config("LINEAR", bake_s=0))
        assert shares(stage) == {"old": 0.5, "new": 0.5}
        stage.pace.advance(60)
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert (live(record), shares(stage)) == ("new", {"new": 1.0})

    run(test)


def test_all_at_once_bakes_with_the_old_fleet_still_there(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, config(), instances=1)
        assert shares(stage) == {"new": 1.0}
        assert len(stage.runtime.running) == 2
        stage.pace.advance(300)
        assert live(await stage.rest(EndpointStatus.IN_SERVICE)) == "new"

    run(test)


def test_an_alarm_during_a_bake_brings_the_old_config_back_and_names_itself(run: Run) -> None:
    async def test(stage: Stage) -> None:
        for kind in ("CANARY", "ALL_AT_ONCE"):
            if stage.store.endpoint(REGION, "e") is None:
                await updating(stage, config(kind))
            else:
                stage.alarms.held[ALARM] = "OK"
                stage.update("e", plan("new", "a"), config(kind))
                await waiting(stage)
            stage.alarms.held[ALARM] = "ALARM"
            stage.pace.advance(1)
            record = await stage.rest(EndpointStatus.IN_SERVICE)
            assert (live(record), shares(stage)) == ("old", {"old": 1.0})
            assert (
                record.failure_reason == f'Alarm "{ALARM}" went into ALARM during the deployment; it was rolled back.'
            )
            assert len(stage.runtime.running) == 2

    run(test)


def test_a_rollback_waits_for_the_requests_on_the_canary(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, config("CANARY"))
        request = stage.invoke()
        stage.alarms.held[ALARM] = "ALARM"
        stage.pace.advance(1)
        await until(lambda: shares(stage) == {"old": 1.0}, "the old fleet has the traffic again")
        later = stage.invoke()  # on the old fleet alone: nobody waits for this one
        assert stage.endpoint().status is EndpointStatus.ROLLING_BACK
        assert len(stage.runtime.running) == 4
        stage.answer(request)
        await stage.rest(EndpointStatus.IN_SERVICE)
        assert len(stage.runtime.running) == 2
        stage.answer(later)

    run(test)


def test_the_old_fleet_ends_only_after_requests_of_every_step(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, config("CANARY", bake_s=0))
        request = stage.invoke(variant=0)
        stage.pace.advance(60)
        await until(lambda: shares(stage) == {"new": 1.0}, "all traffic is shifted")
        assert len(stage.runtime.running) == 4
        stage.answer(request)
        await stage.rest(EndpointStatus.IN_SERVICE)

    run(test)


def test_an_alarm_that_is_tripped_already_or_gone_stops_the_deployment_before_any_traffic(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.alarms.held[ALARM] = "ALARM"
        stage.create("e", plan("old", "a"))
        await stage.rest(EndpointStatus.IN_SERVICE)
        route = stage.route()
        stage.update("e", plan("new", "a"), config())
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert ALARM in str(record.failure_reason)
        del stage.alarms.held[ALARM]
        stage.update("e", plan("new", "a"), config())
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert "was deleted during the deployment" in str(record.failure_reason)
        assert stage.route() is route

    run(test)


def test_a_container_that_comes_back_during_a_shift_keeps_the_shares(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, config("CANARY"), instances=1)
        before = stage.route()
        stage.runtime.running[-1].script.exit_code = 1
        await until(lambda: stage.route() is not before, "the container is back")
        assert shares(stage) == {"old": 0.5, "new": 0.5}
        stage.pace.advance(60)
        await until(lambda: shares(stage) == {"new": 1.0}, "all traffic is shifted")

    run(test)


def test_a_deployment_that_takes_too_long_is_rolled_back(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, config("CANARY", MaximumExecutionTimeoutInSeconds=50))
        stage.pace.advance(49)
        await waiting(stage)
        stage.pace.advance(1)
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert live(record) == "old"
        assert "longer than 50 seconds (MaximumExecutionTimeoutInSeconds)" in str(record.failure_reason)
        stage.runtime.scripts["a"] = [mute()]
        stage.update("e", plan("new", "a"), config(MaximumExecutionTimeoutInSeconds=0.05))
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert "MaximumExecutionTimeoutInSeconds" in str(record.failure_reason)

    run(test)


def test_a_rollback_that_fails_leaves_what_can_serve_with_the_traffic(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.supervisor._closed = True  # as if an earlier process had written this
        stage.alarms.held[ALARM] = "OK"
        stage.create("e", plan("old", "a"), EndpointStatus.IN_SERVICE)
        stage.store.move_endpoint(
            REGION, "e", EndpointEvent.UPDATE, wanted=plan("new", "b"), deployment_config=config()
        )
        stage.runtime.scripts["a"] = [crash(), crash()]
        stage.supervisor._closed = False
        await stage.supervisor.start()
        await waiting(stage)
        stage.alarms.held[ALARM] = "ALARM"
        stage.pace.advance(1)
        record = await stage.rest(EndpointStatus.UPDATE_ROLLBACK_FAILED)
        assert (live(record), shares(stage), ALARM in str(record.failure_reason)) == ("new", {"new": 1.0}, True)
        stage.alarms.held[ALARM] = "OK"
        stage.update("e", replace(plan("newer", "a")))
        assert live(await stage.rest(EndpointStatus.IN_SERVICE)) == "newer"

    run(test)


def test_closing_and_deleting_in_the_middle_of_a_shift_leave_nothing(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await updating(stage, config("CANARY"))
        await stage.supervisor.reset()
        assert stage.runtime.running == []
        assert stage.routes.get(REGION, "e") is None
        assert stage.endpoint().status is EndpointStatus.UPDATING

    run(test)

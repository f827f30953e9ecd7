"""Endpoints from state to state, on the real store and fake containers."""

from __future__ import annotations

import asyncio

from include.sagemaker_local.lifecycle import EndpointEvent, EndpointStatus
from tests.fakes.runtime import Script, crash, refuse, slow, unknown_image
from tests.fakes.supervised import REGION, Stage, plan
from tests.fakes.waiting import until
from tests.unit.sagemaker_local.supervisor.conftest import Run


def test_a_new_endpoint_serves_once_every_container_answers(run: Run) -> None:
    async def test(stage: Stage) -> None:
        late = Script()
        stage.runtime.scripts["b"] = [late]
        stage.create("e", plan("config-1", "a", "b"))
        await until(lambda: len(stage.runtime.running) == 2, "both are started")
        assert stage.routes.get(REGION, "e") is None
        assert stage.endpoint().status is EndpointStatus.CREATING
        late.ready.set()
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert record.live is not None
        assert (record.live.config_name, record.wanted, record.failure_reason) == ("config-1", None, None)
        (variant,) = stage.route().variants
        (instance,) = variant.instances
        assert [hop.name for hop in instance.hops] == ["a", "b"]
        assert len(instance.instance_id) == 19
        assert instance.instance_id.startswith("i-")

    run(test)


def test_every_instance_of_every_variant_runs_the_whole_chain(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.create("e", plan("c", "a", "b", instances=2, variants=("blue", "green")))
        await stage.rest(EndpointStatus.IN_SERVICE)
        assert len(stage.runtime.running) == 8
        instances = [one for variant in stage.route().variants for one in variant.instances]
        assert len({one.instance_id for one in instances}) == 4
        assert len({hop.port for one in instances for hop in one.hops}) == 8

    run(test)


def test_an_update_swaps_the_route_when_the_new_fleet_is_ready_and_lets_old_requests_finish(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.create("e", plan("old", "a"))
        await stage.rest(EndpointStatus.IN_SERVICE)
        (old,) = stage.runtime.running
        request = stage.invoke()
        late = Script()
        stage.runtime.scripts["a"] = [late]
        stage.update("e", plan("new", "a"))
        await until(lambda: len(stage.runtime.running) == 2, "the new fleet is started")
        assert stage.route().config_name == "old"
        late.ready.set()
        await until(lambda: stage.route().config_name == "new", "the route is swapped")
        assert old.exit_code() is None
        stage.answer(request)
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert record.live is not None
        assert record.live.config_name == "new"
        assert old.stopped_with == [30.0]
        assert len(stage.runtime.running) == 1

    run(test)


def test_a_failed_update_goes_back_to_the_old_deployment_and_says_why_until_the_next_update(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.create("e", plan("old", "a", "b"))
        await stage.rest(EndpointStatus.IN_SERVICE)
        serving, route = stage.runtime.running, stage.route()
        stage.runtime.scripts["b"] = [crash()]
        stage.update("e", plan("bad", "a", "b"))
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert record.live is not None
        assert (record.live.config_name, record.wanted) == ("old", None)
        assert record.failure_reason is not None
        assert "The b container" in record.failure_reason
        assert stage.route() is route
        assert stage.runtime.running == serving
        stage.update("e", plan("good", "a", "b"))
        assert (await stage.rest(EndpointStatus.IN_SERVICE)).failure_reason is None
        assert stage.route().config_name == "good"

    run(test)


def test_delete_drops_the_route_the_containers_and_the_row(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.create("e", plan("c", "a", "b"))
        await stage.rest(EndpointStatus.IN_SERVICE)
        stage.delete("e")
        await until(lambda: stage.store.endpoint(REGION, "e") is None, "the row is gone")
        assert stage.routes.get(REGION, "e") is None
        assert stage.runtime.running == []

    run(test)


def test_a_failed_endpoint_can_be_deleted(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.runtime.scripts["a"] = [crash()]
        stage.create("e", plan("c", "a"))
        await stage.rest(EndpointStatus.FAILED)
        stage.delete("e")
        await until(lambda: stage.store.endpoint(REGION, "e") is None, "the row is gone")

    run(test)


def test_one_slow_endpoint_does_not_hold_up_another(run: Run) -> None:
    async def test(stage: Stage) -> None:
        tortoise = slow()
        stage.runtime.scripts["tortoise"] = [tortoise]
        stage.create("slow", plan("c", "tortoise"))
        stage.create("quick", plan("c", "hare"))
        await stage.rest(EndpointStatus.IN_SERVICE, "quick")
        stage.delete("quick")
        await until(lambda: stage.store.endpoint(REGION, "quick") is None, "the other one is deleted")
        assert stage.endpoint("slow").status is EndpointStatus.CREATING
        assert tortoise.started is not None
        tortoise.started.set()
        await stage.rest(EndpointStatus.IN_SERVICE, "slow")

    run(test)


def test_after_a_restart_what_was_live_serves_again(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.supervisor._closed = True  # as if an earlier process had written these
        stage.create("serving", plan("live", "a"), EndpointStatus.IN_SERVICE)
        stage.create("new", plan("first", "a"))
        stage.create("broken", plan("bad", "a"), EndpointStatus.FAILED)
        stage.create("changing", plan("old", "a"), EndpointStatus.IN_SERVICE)
        stage.store.move_endpoint(REGION, "changing", EndpointEvent.UPDATE, wanted=plan("next", "a"))
        stage.create("going", plan("gone", "a"), EndpointStatus.IN_SERVICE)
        stage.store.move_endpoint(REGION, "going", EndpointEvent.DELETE)
        stale = stage.data_dir / "run" / "i-0123" / "a"
        stale.mkdir(parents=True)
        stage.supervisor._closed = False
        await stage.supervisor.start()
        assert not stale.exists()
        assert stage.endpoint("serving").status is EndpointStatus.SYSTEM_UPDATING
        for name, config in (("serving", "live"), ("new", "first"), ("changing", "next")):
            record = await stage.rest(EndpointStatus.IN_SERVICE, name)
            assert record.live is not None
            assert record.live.config_name == stage.route(name).config_name == config
        await until(lambda: stage.store.endpoint(REGION, "going") is None, "the deletion is finished")
        assert stage.endpoint("broken").status is EndpointStatus.FAILED

    run(test)


def test_an_update_that_a_restart_interrupted_still_rolls_back(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.supervisor._closed = True
        stage.create("e", plan("old", "a"), EndpointStatus.IN_SERVICE)
        stage.store.move_endpoint(REGION, "e", EndpointEvent.UPDATE, wanted=plan("bad", "b"))
        stage.runtime.scripts["b"] = [crash()]
        stage.supervisor._closed = False
        await stage.supervisor.start()
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert record.live is not None
        assert record.live.config_name == stage.route().config_name == "old"
        assert record.failure_reason is not None

    run(test)


def test_a_container_that_dies_in_service_is_started_again_and_the_route_follows(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.create("e", plan("c", "a", "b"))
        await stage.rest(EndpointStatus.IN_SERVICE)
        before = stage.route()
        stage.runtime.scripts["b"] = [crash(), refuse(unknown_image("b"))]  # two attempts that fail come first
        victim = next(process for process in stage.runtime.running if process.name == "b")
        victim.script.exit_code = -9
        await until(lambda: stage.route() is not before, "the container is back")
        first, second = stage.route().variants[0].instances[0].hops
        assert first == before.variants[0].instances[0].hops[0]
        assert second.port == stage.runtime.running[-1].port != victim.port
        assert stage.endpoint().status is EndpointStatus.IN_SERVICE

    run(test)


def test_closing_in_the_middle_of_a_start_leaves_no_process(run: Run) -> None:
    async def test(stage: Stage) -> None:
        half_way = slow()
        stage.runtime.scripts["b"] = [half_way]
        stage.create("e", plan("c", "a", "b"))
        await until(lambda: stage.runtime.running and not stage.runtime.scripts["b"], "one runs, one is being started")
        closing = asyncio.create_task(stage.supervisor.close(0))
        await asyncio.sleep(0)
        assert half_way.started is not None
        half_way.started.set()
        await closing
        assert len(stage.runtime.started) == 2
        assert stage.runtime.running == []
        assert stage.endpoint().status is EndpointStatus.CREATING

    run(test)


def test_reset_stops_everything_and_what_comes_after_works(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.create("e", plan("c", "a"))
        await stage.rest(EndpointStatus.IN_SERVICE)
        await stage.supervisor.reset()
        stage.store.reset()
        assert stage.runtime.running == []
        assert stage.routes.get(REGION, "e") is None
        stage.create("e", plan("c", "a"))
        await stage.rest(EndpointStatus.IN_SERVICE)

    run(test)

"""Endpoints from state to state, on the real store and fake containers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.lifecycle import EndpointEvent, EndpointStatus
from tests.fakes.runtime import Script, crash, mute, refuse, slow, unknown_image
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


def test_the_only_container_of_a_model_is_the_primary_one(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.runtime.scripts["container-1"] = [crash(3, "cannot import nonsense\n")]
        stage.create("e", plan("c", "container-1"))
        record = await stage.rest(EndpointStatus.FAILED)
        assert record.failure_reason == (
            "The primary container for production variant AllTraffic did not pass the ping health check. "
            "Please check CloudWatch logs for this endpoint."
        )
        assert stage.routes.get(REGION, "e") is None

    run(test)


def test_a_failed_pipeline_names_those_at_fault_and_ships_their_last_lines_first(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.runtime.scripts["a"] = [mute("still loading\n")]
        stage.runtime.scripts["b"] = [crash(log="Traceback\nValueError: no model")]
        late = Script()
        stage.runtime.scripts["c"] = [late]
        stage.create("e", plan("c", "a", "b", "c"))
        await until(lambda: len(stage.runtime.started) == 3, "all are started")
        late.ready.set()  # within the time to settle: it was only slower than the crash
        record = await stage.rest(EndpointStatus.FAILED)
        assert record.failure_reason == (
            "The a and b containers for production variant AllTraffic did not pass the ping health check. "
            "Please check CloudWatch logs for this endpoint."
        )
        instance = stage.runtime.placements[0].instance_id
        group = "/aws/sagemaker/Endpoints/e"
        assert stage.logs.lines[group, f"AllTraffic/{instance}/b"] == ["Traceback", "ValueError: no model"]
        assert stage.logs.lines[group, f"AllTraffic/{instance}/a"] == ["still loading"]
        assert stage.runtime.running == []
        assert list((stage.data_dir / "run").iterdir()) == []

    run(test)


def test_a_container_that_never_answers_fails_after_the_startup_timeout(tmp_path: Path) -> None:
    async def main() -> None:
        stage = Stage(tmp_path, startup_timeout_s=0.05)
        stage.runtime.scripts["b"] = [mute()]
        stage.create("e", plan("c", "a", "b"))
        record = await stage.rest(EndpointStatus.FAILED)
        assert record.failure_reason is not None
        assert record.failure_reason.startswith("The b container for production variant AllTraffic did not pass")
        await stage.close()

    asyncio.run(main())


def test_a_variants_own_startup_timeout_stands_in_for_the_servers(tmp_path: Path) -> None:
    async def main() -> None:
        stage = Stage(tmp_path, startup_timeout_s=3600.0)
        stage.runtime.scripts["b"] = [mute()]
        deployment = plan("c", "a", "b")
        (variant,) = deployment.variants
        stage.create("e", replace(deployment, variants=(replace(variant, startup_timeout_s=0.05),)))
        record = await stage.rest(EndpointStatus.FAILED)
        assert "did not pass the ping health check" in str(record.failure_reason)
        await stage.close()

    asyncio.run(main())


def test_an_artifact_that_cannot_be_used_is_named_by_its_uri(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.runtime.scripts["b"] = [refuse(ArtifactError("there is no object at s3://models/b.tar.gz"))]
        stage.create("e", plan("c", "a", "b"))
        record = await stage.rest(EndpointStatus.FAILED)
        assert record.failure_reason == "container 'b': there is no object at s3://models/b.tar.gz"
        assert stage.runtime.running == []

    run(test)


def test_an_image_that_cannot_run_is_the_failure_reason(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.runtime.scripts["a"] = [refuse(unknown_image("a"))]
        stage.create("e", plan("c", "a", "b"))
        record = await stage.rest(EndpointStatus.FAILED)
        assert record.failure_reason == "container 'a' has an image that nobody knows"

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


def test_a_fleet_without_an_endpoint_leaves_nothing_when_it_fails(run: Run) -> None:
    async def test(stage: Stage) -> None:
        await stage.fleets.open(REGION, "sm-epc-1", plan("c", "a"))
        assert stage.route("sm-epc-1").config_name == "c"
        await stage.fleets.close(REGION, "sm-epc-1")
        await stage.fleets.close(REGION, "sm-epc-1")
        assert stage.routes.get(REGION, "sm-epc-1") is None
        stage.runtime.scripts["a"] = [refuse(ArtifactError("s3://x/y is not gzip"))]
        with pytest.raises(ArtifactError, match="s3://x/y"):
            await stage.fleets.open(REGION, "sm-epc-2", plan("c", "a"))
        assert stage.runtime.running == []
        assert not stage.fleets.is_open(REGION, "sm-epc-2")

    run(test)

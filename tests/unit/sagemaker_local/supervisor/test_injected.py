"""Injected faults of deployments, on the real store and fake containers."""

from __future__ import annotations

from include.sagemaker_local.faults import Fault, Kind
from include.sagemaker_local.lifecycle import EndpointStatus
from tests.fakes.supervised import Stage, plan
from tests.fakes.waiting import until
from tests.unit.sagemaker_local.supervisor.conftest import Run

NO_CAPACITY = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry using a "
    "different ML instance type or after some time."
)


def inject(stage: Stage, kind: Kind, count: int | None = None, seconds: float = 0.0, **scope: str) -> None:
    stage.faults.add(Fault("", kind, scope, count=count, seconds=seconds))


def test_an_endpoint_without_capacity_fails_in_awss_words_and_the_old_fleet_serves_on(run: Run) -> None:
    async def test(stage: Stage) -> None:
        inject(stage, Kind.INSUFFICIENT_CAPACITY, instance_type="ml.c5.large", endpoint="e", count=1)
        stage.create("e", plan("one", "a"))
        assert (await stage.rest(EndpointStatus.FAILED)).failure_reason == NO_CAPACITY
        assert stage.runtime.running == []
        stage.create("f", plan("one", "a"))
        await stage.rest(EndpointStatus.IN_SERVICE, "f")
        inject(stage, Kind.INSUFFICIENT_CAPACITY, variant="AllTraffic")
        stage.update("f", plan("two", "b"))
        await until(lambda: stage.endpoint("f").failure_reason == NO_CAPACITY, "the update failed")
        record = await stage.rest(EndpointStatus.IN_SERVICE, "f")
        assert record.live is not None
        assert record.live.config_name == "one"

    run(test)


def test_a_resize_without_capacity_leaves_everything_as_it_was(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.create("e", plan("one", "a"))
        await stage.rest(EndpointStatus.IN_SERVICE)
        inject(stage, Kind.INSUFFICIENT_CAPACITY)
        stage.resize("e", plan("one", "a", instances=2))
        await until(lambda: stage.endpoint().failure_reason == NO_CAPACITY, "the change failed")
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert record.live is not None
        assert record.live.variants[0].instance_count == 1

    run(test)


def test_a_slow_creation_takes_seconds_of_the_deployments_own(run: Run) -> None:
    async def test(stage: Stage) -> None:
        inject(stage, Kind.SLOW_CREATION, seconds=600)
        stage.create("e", plan("one", "a"))
        await until(lambda: stage.pace.sleeping, "the creation waits")
        stage.pace.advance(599)
        assert stage.pace.sleeping
        assert (stage.endpoint().status, stage.runtime.running) == (EndpointStatus.CREATING, [])
        stage.pace.advance(1)
        await stage.rest(EndpointStatus.IN_SERVICE)

    run(test)


def test_a_failed_ping_names_the_container_as_aws_does(run: Run) -> None:
    async def test(stage: Stage) -> None:
        inject(stage, Kind.FAILED_PING, container="b")
        stage.create("e", plan("one", "a", "b"))
        record = await stage.rest(EndpointStatus.FAILED)
        assert record.failure_reason == (
            "The b container for production variant AllTraffic did not pass the ping health check. "
            "Please check CloudWatch logs for this endpoint."
        )
        assert stage.runtime.running == []

    run(test)


def test_a_rollback_that_fails_ends_update_rollback_failed_and_what_ran_serves(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.create("e", plan("one", "a"))
        await stage.rest(EndpointStatus.IN_SERVICE)
        inject(stage, Kind.FAILED_PING, container="b")
        inject(stage, Kind.FAILED_ROLLBACK, endpoint="e")
        stage.update("e", plan("two", "b"))
        record = await stage.rest(EndpointStatus.UPDATE_ROLLBACK_FAILED)
        assert record.failure_reason is not None
        assert "did not pass the ping" in record.failure_reason
        assert "made to fail by the injected fault-2" in record.failure_reason
        assert [variant.config_name for variant in stage.route().variants] == ["one"]

    run(test)


def test_a_crash_kills_the_container_and_it_is_started_again(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.create("e", plan("one", "a", "b"))
        await stage.rest(EndpointStatus.IN_SERVICE)
        (instance,) = stage.route().variants[0].instances
        first, second = instance.hops
        await stage.fleets.crash(second.host, second.port)

        def revived() -> bool:
            (now,) = stage.route().variants[0].instances
            return now.hops[0] == first and now.hops[1] != second

        await until(revived, "b answers on another port")
        await stage.fleets.crash("127.0.0.1", 1)  # nobody there
        assert len(stage.runtime.running) == 2

    run(test)

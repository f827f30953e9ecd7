"""Other weights and instance counts for a fleet that goes on serving."""

from __future__ import annotations

from dataclasses import replace

from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.lifecycle import EndpointStatus
from tests.fakes.runtime import crash
from tests.fakes.supervised import Stage, plan
from tests.fakes.waiting import until
from tests.unit.sagemaker_local.supervisor.conftest import Run


def counts(deployment: Deployment, *instances: int, weights: tuple[float, ...] = (1.0, 1.0)) -> Deployment:
    variants = zip(deployment.variants, instances, weights, strict=True)
    return replace(
        deployment,
        variants=tuple(replace(plan, instance_count=count, weight=weight) for plan, count, weight in variants),
    )


TWO = plan("c", "a", instances=2, variants=("blue", "green"))


def instances(stage: Stage) -> list[list[str]]:
    return [[one.instance_id for one in variant.instances] for variant in stage.route().variants]


def test_instances_are_added_and_removed_and_the_others_stay(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.create("e", TWO)
        await stage.rest(EndpointStatus.IN_SERVICE)
        (blue, green) = instances(stage)
        stage.resize("e", counts(TWO, 3, 1))
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        after = instances(stage)
        assert after[0][:2] == blue
        assert (len(after[0]), after[1]) == (3, green[:1])
        assert len(stage.runtime.running) == 4
        assert record.live == counts(TWO, 3, 1)
        left = stage.data_dir / "run" / green[1]
        assert not left.exists()

    run(test)


def test_weights_change_at_once_without_a_start_and_without_waiting_for_requests(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.create("e", TWO)
        await stage.rest(EndpointStatus.IN_SERVICE)
        started = list(stage.runtime.started)
        request = stage.invoke()
        stage.resize("e", counts(TWO, 2, 2, weights=(3.0, 0.0)))
        await stage.rest(EndpointStatus.IN_SERVICE)
        assert [variant.weight for variant in stage.route().variants] == [3.0, 0.0]
        assert stage.runtime.started == started
        stage.answer(request)

    run(test)


def test_an_instance_leaves_only_after_its_requests(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.create("e", TWO)
        await stage.rest(EndpointStatus.IN_SERVICE)
        request = stage.invoke(instance=1, variant=0)
        stage.resize("e", counts(TWO, 1, 2))
        await until(lambda: [len(each) for each in instances(stage)] == [1, 2], "one gets no more requests")
        later = stage.invoke(variant=0)
        assert len(stage.runtime.running) == 4
        stage.answer(request)
        await stage.rest(EndpointStatus.IN_SERVICE)
        assert len(stage.runtime.running) == 3
        stage.answer(later)

    run(test)


def test_an_instance_that_does_not_come_up_changes_nothing_but_the_failure_reason(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.create("e", TWO)
        await stage.rest(EndpointStatus.IN_SERVICE)
        before = stage.route()
        stage.runtime.scripts["a"] = [crash()]
        stage.resize("e", counts(TWO, 3, 1))
        record = await stage.rest(EndpointStatus.IN_SERVICE)
        assert (record.live, stage.route()) == (TWO, before)
        assert "production variant blue did not pass the ping health check" in str(record.failure_reason)
        assert len(stage.runtime.running) == 4

    run(test)


def test_instances_that_were_added_are_looked_after_and_stopped_with_the_fleet(run: Run) -> None:
    async def test(stage: Stage) -> None:
        stage.create("e", TWO)
        await stage.rest(EndpointStatus.IN_SERVICE)
        stage.resize("e", counts(TWO, 3, 2))
        await stage.rest(EndpointStatus.IN_SERVICE)
        before = stage.route()
        stage.runtime.running[-1].script.exit_code = 1
        await until(lambda: stage.route() is not before, "the container is back")
        assert len(stage.runtime.running) == 5
        stage.update("e", plan("new", "a"))
        await until(lambda: len(stage.runtime.running) == 1, "only the new fleet runs")

    run(test)

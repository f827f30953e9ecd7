"""Fleets that do not come up: who is named, with which words, and that nothing is left."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.lifecycle import EndpointStatus
from tests.fakes.runtime import Script, crash, mute, refuse, unknown_image
from tests.fakes.supervised import REGION, Stage, plan
from tests.fakes.waiting import until
from tests.unit.sagemaker_local.supervisor.conftest import Run


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

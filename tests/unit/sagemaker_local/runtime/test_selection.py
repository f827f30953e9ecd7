"""Which runtime starts a container."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import ContainerError, HostError
from include.sagemaker_local.runtime.contract import InstanceLimits, Placement
from include.sagemaker_local.runtime.kept_environments import prune_environments
from include.sagemaker_local.runtime.process import ProcessRuntime
from include.sagemaker_local.runtime.selection import AutoRuntime, open_runtime
from include.sagemaker_local.settings import RuntimeName, Settings
from tests.fakes.objects import DictObjects
from tests.fakes.runtime import FakeEngine, FrameworkOnlyRuntime

SKLEARN = Container("c", "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3", None)
MINE = Container("c", "me/mine:1", None)


def placement(directory: Path) -> Placement:
    return Placement("r", "e", "v", "i", InstanceLimits("t", 1, 1), directory, directory / "log")


def taken(container: Container, process: FrameworkOnlyRuntime, docker: FakeEngine, directory: Path) -> list[str]:
    """Which of the two prepared and which started the container."""

    async def run() -> None:
        auto = AutoRuntime(process, docker)
        await auto.prepare(container, placement(directory))
        await auto.start(container, placement(directory))

    asyncio.run(run())
    runtimes = {"process": process, "docker": docker}
    prepared = [name for name, runtime in runtimes.items() if runtime.prepared]
    return prepared + [name for name, runtime in runtimes.items() if runtime.started]


def test_auto_takes_the_engine_where_it_has_the_image_and_processes_where_they_stand_in_for_it(tmp_path: Path) -> None:
    assert taken(SKLEARN, FrameworkOnlyRuntime(), FakeEngine(SKLEARN.image), tmp_path) == ["docker", "docker"]
    assert taken(SKLEARN, FrameworkOnlyRuntime(), FakeEngine(), tmp_path) == ["process", "process"]
    assert taken(MINE, FrameworkOnlyRuntime(), FakeEngine(MINE.image), tmp_path) == ["docker", "docker"]


def test_auto_runs_the_command_that_the_user_has_mapped_whatever_the_engine_has(tmp_path: Path) -> None:
    assert taken(MINE, FrameworkOnlyRuntime(MINE.image), FakeEngine(MINE.image), tmp_path) == ["process", "process"]


def test_auto_leaves_it_to_docker_to_say_what_to_pull(tmp_path: Path) -> None:
    assert taken(MINE, FrameworkOnlyRuntime(), FakeEngine(), tmp_path) == ["docker", "docker"]


def test_auto_without_an_engine_says_what_to_do(tmp_path: Path) -> None:
    auto = AutoRuntime(FrameworkOnlyRuntime(), None, "no Docker engine answers at /x")
    asyncio.run(auto.start(SKLEARN, placement(tmp_path)))
    with pytest.raises(ContainerError, match=r"'me/mine:1'.*no Docker engine answers at /x: start Docker"):
        asyncio.run(auto.start(MINE, placement(tmp_path)))


def test_what_the_settings_open(tmp_path: Path) -> None:
    async def opened(name: RuntimeName) -> object:
        settings = Settings(data_dir=tmp_path, runtime=name, docker_socket=tmp_path / "none.sock")
        async with open_runtime(DictObjects(), settings) as runtime:
            return runtime

    assert isinstance(asyncio.run(opened(RuntimeName.PROCESS)), ProcessRuntime)
    assert isinstance(asyncio.run(opened(RuntimeName.AUTO)), AutoRuntime)
    with pytest.raises(HostError, match=r"no Docker engine answers at .*none\.sock.*--runtime process"):
        asyncio.run(opened(RuntimeName.DOCKER))


def test_nobody_takes_environments_away_from_a_runtime_that_is_open(tmp_path: Path) -> None:
    async def main() -> None:
        environments = tmp_path / "environments"
        async with open_runtime(DictObjects(), Settings(data_dir=tmp_path, environments_dir=environments)):
            with pytest.raises(HostError, match="stop it first"):
                prune_environments(environments, unused_since_s=0.0)
        assert prune_environments(environments, unused_since_s=0.0) == []

    asyncio.run(main())


def test_images_yaml_of_the_data_directory_counts_unless_another_is_named(tmp_path: Path) -> None:
    async def answers(settings: Settings) -> str:
        async with open_runtime(DictObjects(), settings) as runtime:
            assert isinstance(runtime, ProcessRuntime)
            try:
                runtime.check(MINE)
            except ContainerError as error:
                return error.reason
            return "served"

    settings = Settings(data_dir=tmp_path)
    assert "serve --images FILE" in asyncio.run(answers(settings))
    (tmp_path / "images.yaml").write_text("images: [{image: 'me/*', command: [serve]}]")
    assert asyncio.run(answers(settings)) == "served"
    (tmp_path / "other.yaml").write_text("images: []")
    assert "serve --images FILE" in asyncio.run(answers(replace(settings, images_file=tmp_path / "other.yaml")))

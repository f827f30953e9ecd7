"""Which runtime starts a container."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import ContainerError, HostError
from include.sagemaker_local.runtime.contract import InstanceLimits, Placement
from include.sagemaker_local.runtime.process import ProcessRuntime
from include.sagemaker_local.runtime.selection import AutoRuntime, open_runtime
from include.sagemaker_local.settings import RuntimeName, Settings
from tests.fakes.objects import DictObjects
from tests.fakes.runtime import FakeRuntime, FrameworkOnlyRuntime

SKLEARN = Container("c", "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3", None)
MINE = Container("c", "me/mine:1", None)


def placement(directory: Path) -> Placement:
    return Placement("r", "e", "v", "i", InstanceLimits("t", 1, 1), directory, directory / "log")


def test_auto_takes_processes_where_they_serve_the_image_and_docker_elsewhere(tmp_path: Path) -> None:
    process, docker = FrameworkOnlyRuntime(), FakeRuntime()
    auto = AutoRuntime(process, docker)
    for container in (SKLEARN, MINE):
        asyncio.run(auto.prepare(container, placement(tmp_path)))
        asyncio.run(auto.start(container, placement(tmp_path)))
    assert (process.prepared, docker.prepared) == (["c"], ["c"])
    assert (len(process.started), len(docker.started)) == (1, 1)


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

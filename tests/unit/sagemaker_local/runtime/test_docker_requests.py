"""What is asked of the Docker engine, and which images are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import ContainerError
from include.sagemaker_local.runtime.contract import InstanceLimits, Placement
from include.sagemaker_local.runtime.docker_requests import (
    Ownership,
    check_image,
    container_body,
    data_dir_identity,
    published_port,
)

OWNER = Ownership("d1", "r1")
CONTAINER = Container("predict", "me/mine:1", "s3://b/m.tar.gz", {"A": "x=y", "SAGEMAKER_BIND_TO_PORT": "1"})
PLACEMENT = Placement(
    "eu-west-1", "e", "AllTraffic", "i-1", InstanceLimits("t", 4, 8), Path("/d"), Path("/d.log"), alone=False
)
LABEL = "com.amazonaws.sagemaker.capabilities.accept-bind-to-port"


def body(placement: Placement = PLACEMENT, *, cpus: int = 8, model: Path | None = Path("/d/ml/model")) -> Any:
    return container_body(CONTAINER, placement, model, OWNER, cpus)


def test_a_container_of_a_pipeline() -> None:
    made = body()
    assert made["Image"] == "me/mine:1"
    assert made["Cmd"] == ["serve"]
    assert "Entrypoint" not in made
    assert made["StopSignal"] == "SIGTERM"
    assert "A=x=y" in made["Env"]
    assert "SAGEMAKER_BIND_TO_PORT=8081" in made["Env"]
    assert made["Labels"] == {"sluice.data-dir": "d1", "sluice.run": "r1"}
    assert made["HostConfig"]["PortBindings"] == {"8081/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}
    assert made["HostConfig"]["SecurityOpt"] == ["no-new-privileges"]
    assert made["HostConfig"]["Mounts"] == [
        {"Type": "bind", "Source": "/d/ml/model", "Target": "/opt/ml/model", "ReadOnly": True}
    ]
    assert made["NetworkingConfig"]["EndpointsConfig"] == {"sluice-d1-i-1": {"Aliases": ["predict"]}}


def test_the_only_container_of_a_model_listens_on_8080() -> None:
    made = body(replace(PLACEMENT, alone=True), model=None)
    assert list(made["ExposedPorts"]) == ["8080/tcp"]
    assert made["HostConfig"]["Mounts"] == []  # the image may have a model of its own there
    assert not [one for one in made["Env"] if one == "SAGEMAKER_BIND_TO_PORT=8081"]


def test_containers_of_an_instance_share_as_many_cpus_as_it_has() -> None:
    limits, other = body()["HostConfig"], body(replace(PLACEMENT, log_file=Path("/o")))["HostConfig"]
    assert limits["NanoCpus"] == 4 * 10**9
    assert limits["CpusetCpus"] == other["CpusetCpus"]
    assert len(set(limits["CpusetCpus"].split(","))) == 4
    assert limits["Memory"] == limits["MemorySwap"] == 8 * 1024**3


@pytest.mark.parametrize("cpus", [1, 4])
def test_an_engine_with_no_more_cpus_gives_all_it_has(cpus: int) -> None:
    limits = body(cpus=cpus)["HostConfig"]
    assert limits["NanoCpus"] == cpus * 10**9
    assert "CpusetCpus" not in limits


@pytest.mark.parametrize("config", [None, {"Labels": None}, {"Labels": {LABEL: "false"}}, {"Labels": {}}])
def test_an_image_without_the_label(config: Any) -> None:
    with pytest.raises(ContainerError) as refused:
        check_image(CONTAINER, PLACEMENT, {"Config": config})
    assert refused.value.reason.endswith(
        f"Your Ecr Image me/mine:1 does not contain required {LABEL}=true Docker label(s)."
    )
    check_image(CONTAINER, replace(PLACEMENT, alone=True), {"Config": config})


def test_an_image_with_the_label() -> None:
    check_image(CONTAINER, PLACEMENT, {"Config": {"Labels": {LABEL: "true"}}})


def test_the_published_port() -> None:
    bindings: dict[str, Any] = {"8081/tcp": [{"HostIp": "127.0.0.1", "HostPort": "49153"}]}
    assert published_port({"NetworkSettings": {"Ports": bindings}}, PLACEMENT) == 49153
    assert published_port({"NetworkSettings": {"Ports": {}}}, PLACEMENT) is None
    assert published_port({"NetworkSettings": {"Ports": {"8081/tcp": None}}}, PLACEMENT) is None


def test_the_identity_is_that_of_the_directory_on_the_host(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "data")
    assert data_dir_identity(tmp_path / "data", "a") == data_dir_identity(tmp_path / "link", "a")
    assert data_dir_identity(tmp_path / "data", "a") != data_dir_identity(tmp_path / "data", "b")
    assert data_dir_identity(tmp_path / "data", "a") != data_dir_identity(tmp_path / "other", "a")

"""docker-compose.yaml and Dockerfile: pinned, without root or default passwords, each service with a health check."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[3]
TEXT = (PROJECT / "docker-compose.yaml").read_text(encoding="utf-8")
DOCKERFILE = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
ONCE = {name for name, service in SERVICES.items() if service["restart"] == "no"}  # they end when they are done
ALWAYS = sorted(set(SERVICES) - ONCE)
VARIABLE = re.compile(r"\$\{([A-Z_]+):([-?])([^}]*)\}")


def environment() -> dict[str, str]:
    return {name: str(value) for service in SERVICES.values() for name, value in service.get("environment", {}).items()}


def test_every_part_of_airflow_is_there() -> None:
    commands = {" ".join(service["command"]) for service in SERVICES.values() if "airflow" in service["image"]}
    for part in ("scheduler", "dag-processor", "triggerer", "celery worker", "db migrate"):
        assert f"airflow {part}" in commands
    assert "python -m include.compose.api_server" in commands
    assert {"postgres", "redis", "sagemaker-local"} <= set(SERVICES)


@pytest.mark.parametrize("name", ALWAYS)
def test_what_runs_always_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_nothing_has_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "build" in service or service["user"] != "root"  # our own images say so themselves, see below
    assert not any("docker.sock" in volume for volume in service.get("volumes", ()))


def test_what_holds_a_secret_has_no_default() -> None:
    secret = re.compile("PASSWORD|SECRET|_KEY|CONN_AWS")
    asked = [found for found in VARIABLE.findall(TEXT) if secret.search(found[0])]
    assert len(asked) > 8
    assert {kind for _, kind, _ in asked} == {"?"}
    for name, value in environment().items():
        if secret.search(name) and not name.endswith("_FILE"):
            assert "${" in value, f"{name} is written into the file"


def test_only_this_machine_reaches_the_stack_unless_somebody_says_otherwise() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(published) == 2
    for port in published:
        assert VARIABLE.findall(port)[0][2].startswith("127.0.0.1:")


def test_images_are_pinned_to_a_release_and_can_be_named_by_the_user() -> None:
    named = {name: default for name, kind, default in VARIABLE.findall(TEXT) if name.endswith("_IMAGE")}
    assert sorted(named) == ["POSTGRES_IMAGE", "PYTHON_IMAGE", "REDIS_IMAGE"]
    for image in named.values():
        assert re.search(r":\d+\.\d+\.?\d*-", image), image
    assert f"ARG PYTHON_IMAGE={named['PYTHON_IMAGE']}\n" in DOCKERFILE


def test_each_image_ends_as_a_user_who_is_not_root() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    bases = {stage.split()[0] for stage in stages}
    names = {stage.split()[2] for stage in stages}
    targets = {service["build"]["target"] for service in SERVICES.values() if "build" in service}
    assert names - bases >= targets == {"airflow", "sagemaker-local"}
    for stage in stages:
        if stage.split()[2] in targets:
            assert re.findall(r"^USER (\S+)", stage, re.MULTILINE) == ["sluice"]


def test_pips_settings_reach_no_image() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    with_arguments = [stage.split()[2] for stage in stages if "ARG PIP" in stage]
    assert with_arguments == ["packages"]
    for stage in stages:
        if stage.split()[2] in ("airflow", "sagemaker-local"):
            assert stage.split()[0] == "base"
    assert not re.search(r"https?://", DOCKERFILE)


def test_both_versions_of_compose_read_it() -> None:
    """Compose 1.29 refuses `name`, and Compose 2 warns of `version`."""
    assert {key for key in yaml.safe_load(TEXT) if not key.startswith("x-")} == {"services", "volumes"}
    assert "--mount" not in DOCKERFILE and "# syntax" not in DOCKERFILE  # they take BuildKit


def test_what_the_images_install_is_what_the_project_is_tested_with() -> None:
    tested = pins("requirements.lock")
    installed = pins("requirements-docker.lock")
    assert {name: version for name, version in installed.items() if tested.get(name, version) != version} == {}
    assert {"apache-airflow", "apache-airflow-providers-celery", "redis", "asyncpg", "psycopg2-binary"} <= set(
        installed
    )


def names(requirements: str) -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*)", (PROJECT / requirements).read_text(encoding="utf-8"), re.MULTILINE))


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (PROJECT / lock).read_text(encoding="utf-8"), re.MULTILINE))


def test_nothing_but_what_is_copied_is_sent_to_the_engine() -> None:
    ignored = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in ignored if line and not line.startswith("#")]
    assert rules[0] == "*"
    sent = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {path for line in re.findall(r"^COPY (?!--)(.*) \S+$", DOCKERFILE, re.MULTILINE) for path in line.split()}
    assert {path.partition("/")[0] for path in copied} == {
        path for path in copied if path.startswith("requirements")
    } | (sent - {"requirements*"})
    assert ".env" in (PROJECT / ".gitignore").read_text().splitlines()

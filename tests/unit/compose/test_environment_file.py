"""The generated `.env`: complete, random, private, and never overwritten."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from include.compose.environment_file import CONNECTION, completed, variables, write

PROJECT = Path(__file__).resolve().parents[3]
INSISTED_ON = re.compile(r"\$\{([A-Z_]+):\?")


def test_it_holds_everything_that_the_stack_insists_on(tmp_path: Path) -> None:
    write(tmp_path / ".env")
    insisted_on = set(INSISTED_ON.findall((PROJECT / "docker-compose.yaml").read_text(encoding="utf-8")))
    assert len(insisted_on) > 5
    assert set(variables((tmp_path / ".env").read_text())) == insisted_on


def test_each_secret_is_long_and_made_anew_each_time() -> None:
    one, other = completed({}), completed({})
    for name, value in one.items():
        assert value != other[name]
        assert len(value) >= 20
    assert len(base64.urlsafe_b64decode(one["AIRFLOW_FERNET_KEY"])) == 32
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD"):  # they are parts of URLs
        assert re.fullmatch(r"[\w-]+", one[name])


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.touch(mode=0o644)
    write(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_there_stays_and_what_is_missing_is_added(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# mine\nPOSTGRES_PASSWORD=kept\nREDIS_PASSWORD=\nAIRFLOW_ADDRESS=127.0.0.1:9090")
    added = write(path)
    assert "POSTGRES_PASSWORD" not in added and "REDIS_PASSWORD" in added
    assert path.read_text().startswith("# mine\nPOSTGRES_PASSWORD=kept\n")
    after = variables(path.read_text())
    assert (after["POSTGRES_PASSWORD"], after["AIRFLOW_ADDRESS"]) == ("kept", "127.0.0.1:9090")
    assert write(path) == []


def test_the_connection_has_the_keys_that_the_local_sagemaker_demands() -> None:
    values = completed({"SLUICE_LOCAL_ACCESS_KEY_ID": "mine"})
    connection = json.loads(values[CONNECTION])
    assert (connection["login"], connection["password"]) == ("mine", values["SLUICE_LOCAL_SECRET_ACCESS_KEY"])
    assert connection["extra"]["endpoint_url"] == "http://sagemaker-local:4566"


def test_a_connection_of_ones_own_stays() -> None:
    assert completed({CONNECTION: "aws://"})[CONNECTION] == "aws://"


def test_the_command_needs_nothing_but_python(tmp_path: Path) -> None:
    command = [sys.executable, "-S", "-m", "include.compose.environment_file", str(tmp_path / ".env")]
    said = subprocess.run(command, cwd=PROJECT, env={"PATH": os.environ["PATH"]}, capture_output=True, check=True)
    assert b"added AIRFLOW_CONN_AWS_DEFAULT" in said.stdout
    secret = variables((tmp_path / ".env").read_text())["POSTGRES_PASSWORD"]
    assert secret.encode() not in said.stdout

"""`make up`: Airflow and the local SageMaker side by side, until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sluice.specs.file import load_spec

from include.demo.airflow_home import airflow_environment, migrate_database
from include.demo.console import Console
from include.demo.local_server import ServerDidNotStart, local_sagemaker
from include.demo.paths import DAGS, PROJECT, STATE
from include.demo.sample import Account, upload
from include.examples.breast_cancer import train

AIRFLOW_PORT = 8080
SAGEMAKER_PORT = 4566
HOME = STATE / "up"
READY_TIMEOUT_S = 180
STOP_TIMEOUT_S = 60


def main() -> int:
    """Starts both, says where they are, waits for Ctrl-C, stops both. Exit status 1 when one did not start."""
    console = Console()
    for each in (signal.SIGINT, signal.SIGTERM):  # `kill` stops it as Ctrl-C does, also in a shell's background
        signal.signal(each, signal.default_int_handler)
    if _taken(AIRFLOW_PORT):
        console.say(f"port {AIRFLOW_PORT} is in use: stop what listens there, then run `make up` again")
        return 1
    try:
        with local_sagemaker(HOME / "sagemaker", port=SAGEMAKER_PORT) as url:
            return _airflow(url, console)
    except ServerDidNotStart as error:
        console.say(str(error))
        return 1
    except KeyboardInterrupt:
        return 0


def _airflow(url: str, console: Console) -> int:
    _sample(url, console)
    log = HOME / "airflow.log"
    environment = airflow_environment(HOME / "airflow", url) | {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(AIRFLOW_PORT),
    }
    with console.step("Prepare Airflow's database"):
        migrate_database(environment, log)
    with _standalone(environment, log) as process:
        with console.step("Start Airflow"):
            ready = _wait_until_ready(process)
        if not ready:
            console.say(f"Airflow did not start; its log is {log}")
            return 1
        _say_where(url, log, console)
        process.wait()
    console.say(f"Airflow ended with status {process.returncode}; its log is {log}")
    return 1


def _sample(url: str, console: Console) -> None:
    with console.step("Train the sample pipeline and put it into the local S3"):
        spec = load_spec(DAGS / "pipelines" / "breast_cancer.yaml")
        upload(Account(url), spec, train.build(HOME / "sample"))


def _say_where(url: str, log: Path, console: Console) -> None:
    console.say()
    console.say(f"  Airflow          http://127.0.0.1:{AIRFLOW_PORT}   {_login()}")
    console.say(f"  local SageMaker  {url}   (connection aws_default)")
    console.say(f"  log              {log}")
    console.say("  Trigger promote__breast_cancer from its page. Ctrl-C stops both.")


def _login() -> str:
    """User and password that Airflow's simple auth manager made up on its first start."""
    passwords = HOME / "airflow" / "simple_auth_manager_passwords.json.generated"
    users: dict[str, str] = json.loads(passwords.read_text())
    return ", ".join(f"user {user}, password {password}" for user, password in users.items())


@contextmanager
def _standalone(environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`airflow standalone` in a session of its own; afterwards nothing of it runs."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "standalone"],
            cwd=PROJECT,
            env=dict(environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Standalone ends its components on SIGINT; whatever of the group is left after a while is killed."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes]) -> bool:
    """Whether every component reports healthy in time; the API server answers for all of them."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        if _healthy():
            return True
        time.sleep(1)
    return False


def _healthy() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{AIRFLOW_PORT}/api/v2/monitor/health", timeout=5) as answer:
            health = json.load(answer)
    except OSError:
        return False
    return all(
        health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "triggerer", "dag_processor")
    )


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    sys.exit(main())

"""A whole Airflow: API server, scheduler with LocalExecutor, triggerer and DAG processor, each a process of its own."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from include.demo.airflow_home import airflow_environment, migrate_database
from include.demo.paths import DAGS, PROJECT
from tests.chaos.rest import Rest
from tests.chaos.session import Session

COMPONENTS = ("api-server", "dag-processor", "triggerer", "scheduler")
# Logs are read from the disk, and other Airflows on this machine may have the ports.
ARGUMENTS = {"scheduler": ("--skip-serve-logs",), "triggerer": ("--skip-serve-logs",)}
USER, PASSWORD = "chaos", "chaos"
SLOTS = 3  # tasks at a time; two cores are busy with two, and the scheduler needs its share

SETTINGS = {
    "CORE__EXECUTOR": "LocalExecutor",
    "CORE__PARALLELISM": str(SLOTS),
    "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
    "API__HOST": "127.0.0.1",
    "API__WORKERS": "1",
    # What was killed is missed after 40 s, not five minutes. Any sooner, and busy machines have the living missed too.
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "3",
    "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "SCHEDULER__JOB_HEARTBEAT_SEC": "1",
    "TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
    "WORKERS__EXECUTION_API_TIMEOUT": "60",  # the API server imports a lot before its first answer to a task
    "CORE__DAGBAG_IMPORT_TIMEOUT": "120",  # it takes a second, on an idle machine
    "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",  # the specs do not change
    # A wait that ends before the scheduler has read that the task deferred counts as a failure to Airflow.
    "SLUICE__POLL_SECONDS": "2",
    "SLUICE__RETRY_DELAY_SECONDS": "1",
}

# Most of what a task's process does is to import. What the scheduler has imported, it shares with all that it forks.
IMPORTED_ONCE = """import airflow.providers.amazon.aws.hooks.base_aws
import sluice.dag_factory
__all__ = ()
"""


@dataclass
class AirflowSite:
    """Airflow in `home`; `running` has the present session of each component."""

    home: Path
    environment: dict[str, str]
    rest: Rest
    running: dict[str, Session] = field(default_factory=dict)
    _started: list[Session] = field(default_factory=list)

    def start(self, component: str) -> None:
        """Starts it, in a session of its own."""
        command = [sys.executable, "-m", "airflow", component, *ARGUMENTS.get(component, ())]
        made = Session(command, cwd=PROJECT, environment=self.environment, log=self.home / f"{component}.log")
        self.running[component] = made
        self._started.append(made)

    def kill(self, component: str, *, with_children: bool) -> None:
        """SIGKILL, to the process alone or to all that it has started."""
        struck = self.running[component]
        (struck.kill if with_children else struck.kill_first)()

    def end(self) -> None:
        """Everything that was started here, also by what is dead, is gone afterwards."""
        for each in self._started:
            each.end()


@contextmanager
def airflow_site(home: Path, sagemaker_url: str, specs: Path) -> Iterator[AirflowSite]:
    """An Airflow whose DAGs are the promotions of the specs in that folder; its components are to be started."""
    home.mkdir()
    dags = home / "dags"
    dags.mkdir()
    shutil.copy(DAGS / "promotions.py", dags)
    (dags / "pipelines").symlink_to(specs)
    (dags / ".airflowignore").write_text("pipelines/\n")
    settings = home / "config" / "airflow_local_settings.py"  # where Airflow looks for it
    settings.parent.mkdir()
    settings.write_text(IMPORTED_ONCE)
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps({USER: PASSWORD}))
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    environment = airflow_environment(home, sagemaker_url) | {
        **{f"AIRFLOW__{name}": value for name, value in SETTINGS.items()},
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API_AUTH__JWT_SECRET": "the same for all components, and no secret on loopback but for a test",
        # SQLite has one writer at a time; the others wait for it.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}?timeout=60",
    }
    migrate_database(environment, home / "migrate.log")
    _write_ahead(home / "airflow.db")
    site = AirflowSite(home, environment, Rest(port, USER, PASSWORD))
    try:
        yield site
    finally:
        site.end()


def _write_ahead(database: Path) -> None:
    """Readers do not wait for the writer in this mode, which the file keeps."""
    import sqlite3

    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

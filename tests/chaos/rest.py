"""Airflow's REST API v2, as whoever starts a promotion from outside uses it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TIMEOUT_S = 120.0  # its first answers wait for imports, on a busy machine for half a minute
ENDED = frozenset({"success", "failed"})


@dataclass(frozen=True)
class TaskState:
    """A task of a run: the id of its present attempt, its name, how it stands, which attempt, and where."""

    id: str
    task_id: str
    state: str | None
    try_number: int
    host: str | None = None


@dataclass
class Rest:
    """A client of the API server on `port`, with a token of its own."""

    port: int
    user: str
    password: str
    _token: str = field(default="", repr=False)

    def healthy(self) -> bool:
        """Whether every component has a heart that beats."""
        try:
            health = self._ask("GET", "/api/v2/monitor/health")
        except OSError:
            return False
        parts = ("metadatabase", "scheduler", "triggerer", "dag_processor")
        return all(health[part]["status"] == "healthy" for part in parts)

    def sign_in(self) -> None:
        """A token for user and password."""
        told = {"username": self.user, "password": self.password}
        self._token = self._ask("POST", "/auth/token", told)["access_token"]

    def dag_ids(self) -> set[str]:
        """The DAGs that Airflow knows."""
        return {dag["dag_id"] for dag in self._ask("GET", "/api/v2/dags?limit=100")["dags"]}

    def unpause(self, dag_id: str) -> None:
        """Lets the runs of a DAG start."""
        self._ask("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str, conf: Mapping[str, Any], after: datetime | None = None) -> str:
        """Starts a run, then or now, and returns its id."""
        told: dict[str, Any] = {"logical_date": None, "conf": dict(conf)}
        if after is not None:
            told["run_after"] = after.isoformat()
        return str(self._ask("POST", f"/api/v2/dags/{dag_id}/dagRuns", told)["dag_run_id"])

    def states(self) -> dict[tuple[str, str], str]:
        """How every run stands, by DAG and run."""
        answer = self._ask("GET", "/api/v2/dags/~/dagRuns?limit=100")
        return {(run["dag_id"], run["dag_run_id"]): run["state"] for run in answer["dag_runs"]}

    def tasks(self, dag_id: str, run_id: str) -> list[TaskState]:
        """How each task of the run stands."""
        answer = self._ask("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=100")
        return [
            TaskState(each["id"], each["task_id"], each["state"], each["try_number"], each["hostname"])
            for each in answer["task_instances"]
        ]

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - see `request`
                return json.load(answer)
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")
            raise AssertionError(f"{method} {path} was answered with {error.code}: {said[:2000]}") from error

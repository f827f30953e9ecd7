"""The page's server, and what its script reads in a real browser, against answers of the shape that Airflow gives."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from airflow.api_fastapi.core_api.datamodels.xcom import XComResponseNative
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sluice.ui.app import MAX_BODY, STATIC, build_app

from tests.fakes.evidences import a_document

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
RUN = "/api/v2/dags/promote__iris/dagRuns/manual__2026-01-01T00%3A00%3A00%2B00%3A00"
PAGE = "/sluice/run?dag_id=promote__iris&run_id=manual__2026-01-01T00%3A00%3A00%2B00%3A00"


@pytest.fixture
def client() -> TestClient:
    return TestClient(build_app())


def test_the_page_runs_its_own_script_and_no_other(client: TestClient) -> None:
    answer = client.get("/run")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    for path in re.findall(r'(?:src|href)="([^"]+)"', answer.text):
        assert client.get(f"/{path}").status_code == 200, path


def test_what_is_no_run_is_refused_and_what_is_too_much_is_not_read(client: TestClient) -> None:
    assert client.post("/render", content=b"{").status_code == 422
    assert client.post("/render", content=b"[]").status_code == 422
    assert client.post("/render", content=b" " * (MAX_BODY + 1)).status_code == 413


def test_everything_that_the_page_needs_is_packed_with_the_plugin() -> None:
    assert {path.name for path in STATIC.iterdir()} == {"run.html", "run.css", "run.js"}


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium, which Debian and Ubuntu have as the package chromium")
def test_the_script_shows_verdict_failure_and_candidates_of_a_run(tmp_path: Path) -> None:
    with served(_airflow()) as port:
        shown = _dom(f"http://127.0.0.1:{port}{PAGE}", tmp_path)
    assert "397 ms" in shown
    assert "promote failed" in shown
    assert "alarm iris-5xx fired" in shown


def _airflow() -> FastAPI:
    """An API server with one run in it, two entries a page."""
    app = FastAPI()
    app.mount("/sluice", build_app())
    base = "/api/v2/dags/{dag_id}/dagRuns/{run_id}"
    entries = [
        _entry("preflight", "return_value", {"content": "c"}),
        _entry("judge", "skipmixin_key", {"followed": ["promote"]}),
        _entry("judge", "return_value", {"evidence": a_document(latency_ms=397)}),
        _entry("promote", "failure", {"error": "DeploymentRolledBack", "message": "alarm iris-5xx fired\nlines"}),
    ]

    @app.get(base + "/taskInstances")
    def tasks(offset: int) -> dict[str, Any]:
        listed = [{"task_id": "judge", "map_index": -1, "state": "success"}]
        listed.append({"task_id": "promote", "map_index": -1, "state": "failed"})
        return {"task_instances": listed[offset : offset + 1], "total_entries": len(listed)}

    @app.get(base + "/taskInstances/~/xcomEntries")
    def listed(offset: int) -> dict[str, Any]:
        page = [each.model_dump(mode="json", exclude={"value"}) for each in entries[offset : offset + 2]]
        return {"xcom_entries": page, "total_entries": len(entries)}

    @app.get(base + "/taskInstances/{task_id}/xcomEntries/{key}")
    def entry(task_id: str, key: str, map_index: int) -> dict[str, Any]:
        asked = (task_id, key, map_index)
        found = next(each for each in entries if (each.task_id, each.key, each.map_index) == asked)
        return found.model_dump(mode="json")

    @app.get("/api/v2/dags/{dag_id}")
    def dag() -> dict[str, Any]:
        return {"tags": [{"name": "sluice", "dag_id": "promote__iris"}]}

    @app.get(base)
    def run() -> dict[str, Any]:
        return {"state": "failed"}

    return app


def _entry(task_id: str, key: str, value: object) -> XComResponseNative:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return XComResponseNative.model_validate(
        {
            "key": key,
            "timestamp": now,
            "logical_date": None,
            "map_index": -1,
            "task_id": task_id,
            "dag_id": "promote__iris",
            "run_id": "manual__2026-01-01T00:00:00+00:00",
            "dag_run": {"dag_model": {"dag_display_name": "promote__iris"}, "run_after": now},
            "task": {"task_display_name": task_id},
            "value": json.dumps(value),
        }
    )


@contextmanager
def served(app: FastAPI) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(10)


def _dom(url: str, profile: Path) -> str:
    """The page as it stands once its requests are answered: virtual time waits for them."""
    assert BROWSER is not None
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    asked = [BROWSER, *flags, f"--user-data-dir={profile}", "--virtual-time-budget=20000", "--dump-dom", url]
    return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout

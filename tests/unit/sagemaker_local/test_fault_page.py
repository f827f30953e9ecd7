"""The little API of /_local/faults."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from include.sagemaker_local.fault_page import FaultPage
from include.sagemaker_local.faults import FaultTable, Kind
from include.sagemaker_local.http1.messages import Request


class Page:
    def __init__(self) -> None:
        self.table = FaultTable()
        self.told: list[bool] = []
        self._page = FaultPage(self.table, {Kind.THROTTLING: {"CreateModel"}}, self._watch)

    async def _watch(self, on: bool) -> None:
        self.told.append(on)

    def ask(self, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        target = f"/_local/faults{path}".encode()
        assert FaultPage.owns(target.partition(b"?")[0])
        sent = b"" if body is None else json.dumps(body).encode()
        response = asyncio.run(self._page.handle(Request(method.encode(), target, [], sent)))
        return response.status, json.loads(response.body) if response.body else None


def test_a_fault_from_post_to_delete() -> None:
    page = Page()
    status, injected = page.ask("POST", body={"kind": "throttling", "scope": {"operation": "CreateModel"}, "count": 1})
    assert (status, injected["fired"]) == (201, 0)
    page.table.strike(Kind.THROTTLING, {"operation": "CreateModel"})
    assert page.ask("GET") == (200, {"faults": [{**injected, "fired": 1}]})
    assert page.ask("GET", f"/{injected['id']}?x=1") == (200, {**injected, "fired": 1})
    assert page.ask("DELETE", f"/{injected['id']}") == (204, None)
    assert page.ask("GET") == (200, {"faults": []})
    status, answer = page.ask("DELETE", f"/{injected['id']}")
    assert (status, "There is no fault" in answer["message"]) == (404, True)
    assert page.ask("GET", "/fault-9")[0] == 404


def test_all_at_once() -> None:
    page = Page()
    for kind in ("throttling", "crash"):
        page.ask("POST", body={"kind": kind})
    assert page.ask("DELETE") == (204, None)
    assert page.ask("GET") == (200, {"faults": []})


def test_invocations_are_watched_only_while_there_is_a_fault_for_them() -> None:
    page = Page()
    _, throttling = page.ask("POST", body={"kind": "throttling", "scope": {"operation": "CreateModel"}})
    _, crash = page.ask("POST", body={"kind": "crash"})
    page.ask("DELETE", f"/{throttling['id']}")
    page.ask("DELETE", f"/{crash['id']}")
    page.ask("POST", body={"kind": "crash"})
    page.ask("DELETE")
    assert page.told == [False, True, True, False, True, False]


@pytest.mark.parametrize(("method", "path"), [("PUT", ""), ("POST", "/fault-1"), ("PATCH", "/fault-1")])
def test_other_methods_are_not_there(method: str, path: str) -> None:
    assert Page().ask(method, path)[0] == 405


def test_what_is_wrong_is_said_and_nothing_is_injected() -> None:
    page = Page()
    status, answer = page.ask("POST", body={"kind": "flood"})
    assert (status, answer["message"].startswith("No fault was injected: 'kind' must be one of")) == (400, True)
    assert page.table.all() == []

"""Rows of asynchronous invocations that have no result yet."""

from __future__ import annotations

import base64
import sqlite3
from dataclasses import asdict

from include.sagemaker_local.store.columns import json_object, to_json
from include.sagemaker_local.store.database import Database
from include.sagemaker_local.store.records import AsyncRequestRecord


class AsyncRequests:
    """The part of the store that keeps asynchronous invocations."""

    _database: Database

    def add_async_request(self, record: AsyncRequestRecord) -> None:
        """Keep a new request."""
        request = {**asdict(record), "body": base64.b64encode(record.body).decode()}
        self._database.write(
            "INSERT INTO async_requests (id, region, endpoint_name, request_json) VALUES (?, ?, ?, ?)",
            (record.id, record.region, record.endpoint_name, to_json(request)),
        )

    def async_requests(self, region: str, endpoint_name: str, limit: int) -> list[AsyncRequestRecord]:
        """The first `limit` requests of an endpoint, in the order in which they came."""
        rows = self._database.rows(
            "SELECT request_json FROM async_requests WHERE region = ? AND endpoint_name = ? ORDER BY position LIMIT ?",
            (region, endpoint_name, limit),
        )
        return [_record(row) for row in rows]

    def count_async_requests(self, region: str, endpoint_name: str) -> int:
        """How many requests of an endpoint there are."""
        row = self._database.row(
            "SELECT count(*) AS waiting FROM async_requests WHERE region = ? AND endpoint_name = ?",
            (region, endpoint_name),
        )
        return int(row["waiting"]) if row else 0

    def endpoints_with_async_requests(self) -> list[tuple[str, str]]:
        """Region and name of every endpoint that has requests, whether it exists or not."""
        rows = self._database.rows("SELECT DISTINCT region, endpoint_name FROM async_requests")
        return [(row["region"], row["endpoint_name"]) for row in rows]

    def remove_async_request(self, request_id: str) -> None:
        """Forget a request."""
        self._database.write("DELETE FROM async_requests WHERE id = ?", (request_id,))


def _record(row: sqlite3.Row) -> AsyncRequestRecord:
    request = json_object(row["request_json"])
    return AsyncRequestRecord(**{**request, "body": base64.b64decode(request["body"])})

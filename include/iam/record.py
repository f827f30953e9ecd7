"""Which permissions the DAGs used, and which task used each by which call: `docs/iam/calls.json`.

Resources are patterns with placeholders (`${Pipeline}`), so that the same suite always makes the same record.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sluice.refusals.permissions import Condition

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Used:
    """A permission, and who used it: `promote/preflight: s3 GetObject`."""

    action: str
    resource: str
    condition: Condition = field(default_factory=dict)
    by: frozenset[str] = frozenset()

    @property
    def key(self) -> Key:
        """What makes it the same permission."""
        return self.action, self.resource, json.dumps(self.condition, sort_keys=True)

    @property
    def operations(self) -> set[str]:
        """The API's operations by which it was used."""
        return {each.rpartition(" ")[2] for each in self.by}


def merged(*records: Iterable[Used]) -> tuple[Used, ...]:
    """All permissions of several records, each with everybody who used it; in the order of actions."""
    found: dict[Key, Used] = {}
    for record in records:
        for each in record:
            known = found.get(each.key, each)
            found[each.key] = Used(each.action, each.resource, each.condition, known.by | each.by)
    return tuple(found[key] for key in sorted(found))


def read_record(path: Path) -> tuple[Used, ...]:
    """The record in a file; empty when there is no file."""
    if not path.exists():
        return ()
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return merged(
        Used(row["action"], row["resource"], row.get("condition", {}), frozenset(row["used_by"])) for row in rows
    )


def write_record(path: Path, record: Iterable[Used]) -> None:
    """Write a record, in an order of its own."""
    rows = []
    for each in merged(record):
        condition = {"condition": each.condition} if each.condition else {}
        rows.append({"action": each.action, "resource": each.resource, **condition, "used_by": sorted(each.by)})
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")

"""docs/faults.md lists every kind of fault with its scope and what it needs, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from include.sagemaker_local.faults import Kind
from include.sagemaker_local.faults.fault import RULES

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "faults.md"


def names(cell: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", cell))


def test_the_table_says_what_the_rules_say() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*? \| ([^|]*) \| ([^|]*)\|$", DOCUMENT.read_text(encoding="utf-8"), re.M)
    assert [kind for kind, _, _ in rows] == [str(kind) for kind in Kind]
    for kind, scope, besides in rows:
        rules = RULES[Kind(kind)]
        assert (names(scope), names(besides)) == (set(rules.scope), set(rules.needs | rules.can_have)), kind

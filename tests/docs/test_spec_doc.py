"""docs/spec.md explains every key that a spec may have, and none that it may not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sluice.specs.file import json_schema

PROJECT = Path(__file__).resolve().parents[2]


def keys_of(schema: Mapping[str, Any], node: Mapping[str, Any], path: str) -> Iterator[str]:
    """The dotted path of every leaf below `node`, lists as `name[].key`."""
    for variant in (node, *node.get("anyOf", ()), *node.get("oneOf", ())):
        found = schema["$defs"][variant["$ref"].rsplit("/", 1)[-1]] if "$ref" in variant else variant
        for key, child in found.get("properties", {}).items():
            here = f"{path}.{key}" if path else key
            below = list(keys_of(schema, child, here))
            yield from below or [here]
        named = found.get("additionalProperties")
        if isinstance(named, dict) and "$ref" in named:
            yield from keys_of(schema, named, f"{path}.<name>")
        if isinstance(found.get("items"), dict):
            yield from keys_of(schema, found["items"], f"{path}[]")


def test_every_key_is_explained_and_no_other() -> None:
    schema = json_schema()
    wanted = set(keys_of(schema, schema, ""))
    table = (PROJECT / "docs" / "spec.md").read_text().split("## What a rule sees")[0]
    explained = set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
    whole_nodes = {
        "batch",
        "batch.schedule",
        "benchmark.stop",
        "benchmark.traffic",
        "candidates",
        "containers",
        "gate.approval",
        "gate.rules",
        "notify",
        "production.autoscaling",
        "production.deployment",
        "rebenchmark",
        "rebenchmark.schedule",
        "schedule",
        "watch",
    }
    assert len(wanted) > 30
    assert wanted - explained == set()
    assert explained - wanted - whole_nodes == set()

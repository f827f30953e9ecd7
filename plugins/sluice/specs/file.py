"""A YAML file -> a spec, with errors that lead to the line; and the JSON Schema by which editors help to write one.

`python -m sluice.specs.file > docs/spec.schema.json` (with `plugins` on PYTHONPATH) writes the schema anew.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import types
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import yaml

from sluice.errors import SpecError
from sluice.fields.limits import Limit, limits_of
from sluice.fields.typed import build, is_union
from sluice.specs.pipeline import PipelineSpec

MAX_BYTES = 256 * 1024
"""A spec is a page or two; a larger file is something else, and is not parsed in the DAG processor."""

MAX_DEPTH = 2000
"""Up to which libyaml may build a document. Some ten thousand levels are where it runs out of stack, which would end
the DAG processor's process; PyYAML's own builder, which takes fifteen times as long, raises RecursionError instead.
"""


def load_spec(path: Path) -> PipelineSpec:
    """YAML file -> spec; SpecError names the file, the path to the key, and the line."""
    text = _read(path)
    lines: dict[str, int] = {}
    try:
        return build(PipelineSpec, _parse(text, lines))
    except SpecError as error:
        raise error.located(str(path), error.line or _line_of(error.path, lines)) from None


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SpecError("", f"is larger than {MAX_BYTES} bytes, which no spec is", str(path))
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError("", f"cannot be read: {error.strerror}", str(path)) from error
    except UnicodeDecodeError as error:
        raise SpecError("", f"is not UTF-8 text: {error.reason} at byte {error.start}", str(path)) from error


def _parse(text: str, lines: dict[str, int]) -> object:
    try:
        loader = _loader_for(text)(text)
        try:
            root = loader.get_single_node()
            if root is None:
                raise SpecError("", "is empty")
            _walk(root, "", lines, set())
            return loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise SpecError("", f"is not YAML: {error.problem}", line=line) from error
    except yaml.YAMLError as error:
        raise SpecError("", f"is not YAML: {error}") from error
    except RecursionError as error:
        raise SpecError("", "is nested too deep to be a spec") from error
    except ValueError as error:  # PyYAML lets impossible dates through to datetime
        raise SpecError("", f"holds a value that YAML cannot read: {error}") from error


def _loader_for(text: str) -> type[yaml.SafeLoader] | type[yaml.CSafeLoader]:
    """The quick loader, unless the text could be nested too deep for it.

    Each bracket is at most one level. Blocks nest by columns, but for a list, which may begin in its key's own.
    """
    deepest = text.count("[") + text.count("{") + 2 * max(map(len, text.splitlines()), default=0)
    return yaml.CSafeLoader if yaml.__with_libyaml__ and deepest <= MAX_DEPTH else yaml.SafeLoader


def _walk(node: yaml.Node, path: str, lines: dict[str, int], seen: set[int]) -> None:
    """Note the line of every path, and refuse duplicate keys, of which YAML would silently keep the last."""
    lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in seen:  # an alias: its anchor has been walked, and may even hold this node
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        _walk_mapping(node, path, lines, seen)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            _walk(item, f"{path}[{position}]", lines, seen)


def _walk_mapping(node: yaml.MappingNode, path: str, lines: dict[str, int], seen: set[int]) -> None:
    first: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise SpecError(path, "has a key that is not text", line=line)
        below = f"{path}.{key.value}" if path else key.value
        if key.value in first:
            raise SpecError(below, f"is given twice, first on line {first[key.value]}; remove one", line=line)
        first[key.value] = line
        lines[below] = line
        _walk(value, below, lines, seen)


def _line_of(path: str, lines: Mapping[str, int]) -> int | None:
    """The line of a path, or of the closest thing around it that is in the file."""
    while path and path not in lines:
        path = re.sub(r"(\[\d+\]|\.?[^.\[\]]*)$", "", path) if not path.endswith(".") else path[:-1]
    return lines.get(path)


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a spec file, generated from the spec's types."""
    definitions: dict[str, Any] = {}
    root = _object_schema(PipelineSpec, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Sluice pipeline",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _object_schema(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints, limits = get_type_hints(kind), limits_of(kind)
    properties = {}
    required = []
    for each in dataclasses.fields(kind):
        limit = limits.get(each.name, Limit(""))
        default = None if each.default is dataclasses.MISSING else each.default
        schema = {"description": limit.doc, **_schema(hints[each.name], limit, definitions)}
        properties[each.name] = schema if default is None else {**schema, "default": default}
        if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING:
            required.append(each.name)
    described = {"type": "object", "description": (kind.__doc__ or "").splitlines()[0], "properties": properties}
    return {**described, "required": required, "additionalProperties": False}


def _schema(kind: Any, limit: Limit, definitions: dict[str, Any]) -> dict[str, Any]:
    if is_union(kind):
        return {"anyOf": [_schema(member, limit, definitions) for member in get_args(kind)]}
    if dataclasses.is_dataclass(kind):
        name = kind.__name__ if isinstance(kind, type) else str(kind)
        if name not in definitions and isinstance(kind, type):
            definitions[name] = _object_schema(kind, definitions)
        return {"$ref": f"#/$defs/{name}"}
    if get_origin(kind) is tuple:
        items = _schema(get_args(kind)[0], limit, definitions)
        return _without_none(
            {"type": "array", "items": items, "minItems": limit.min_items, "maxItems": limit.max_items}
        )
    if get_origin(kind) is Mapping:
        return {"type": "object", "additionalProperties": _schema(get_args(kind)[1], Limit(""), definitions)}
    return _scalar_schema(kind, limit)


def _scalar_schema(kind: Any, limit: Limit) -> dict[str, Any]:
    if kind is types.NoneType:
        return {"type": "null"}
    if issubclass(kind, StrEnum):
        return {"enum": [member.value for member in kind]}
    if kind is str:
        text = {"enum": list(limit.choices) or None, "maxLength": limit.max_length}
        return _without_none({"type": "string", "pattern": limit.pattern and f"^({limit.pattern})$", **text})
    if kind is bool:
        return {"type": "boolean"}
    name = "integer" if kind is int else "number"
    return _without_none({"type": name, "minimum": limit.minimum, "maximum": limit.maximum})


def _without_none(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if value is not None}


def schema_text() -> str:
    """The schema as it is checked in."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())

"""Requests of the Spark ML container: rows in CSV, JSON and JSON lines, with the schema that they go by. PURE.

What AWS's container refuses is refused, also where only Java's types are the reason: the elements of a list are not
converted there, so `[1, 2]` is no list of doubles and no list holds longs that fit an int.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.sagemaker_local.serving.sparkml_schema import Column, RequestError, Schema, Struct, parse

DefaultSchema = Callable[[], Schema]

_FLOAT = re.compile(r"\s*[+-]?(NaN|Infinity|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)[fFdD]?\s*")  # Double.valueOf, but hex
_WHOLE = re.compile(r"[+-]?\d+")
_BITS = {"byte": 8, "short": 16, "int": 32, "long": 64}
# What the elements of a list have to be already, in Java.
_ELEMENTS = {
    "boolean": "Boolean",
    "byte": "Byte",
    "short": "Short",
    "int": "Integer",
    "long": "Long",
    "float": "Double",
    "double": "Double",
    "string": "String",
}


class UnsupportedTypeError(ValueError):
    """A content type that the container does not read."""


@dataclass(frozen=True, slots=True)
class SparkRequest:
    """Rows of values in the order of the schema's inputs; `listed` is how JSON lines are answered."""

    schema: Schema
    rows: list[list[Any]]
    listed: bool = False


def read(body: bytes, content_type: str, default: DefaultSchema) -> SparkRequest:
    """The request in `body`, which is not empty. Raises RequestError, or UnsupportedTypeError.

    `default` gives the schema for a request without one, or raises RequestError.

    Parameters of the content type do not count, as in Spring.
    """
    reader = _READERS.get(content_type.partition(";")[0].strip().lower())
    if reader is None:
        raise UnsupportedTypeError(content_type)
    try:
        return reader(body, default)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError, csv.Error) as error:
        raise RequestError(f"the body cannot be read: {error}") from None


def _csv(body: bytes, default: DefaultSchema) -> SparkRequest:
    schema = default()
    records = (record for record in csv.reader(body.decode("utf-8").splitlines()) if record)
    record = next(records, None)  # AWS's container looks at the first row only
    if record is None:
        raise RequestError("the body holds no row")
    columns = [Column(column.name, column.type, Struct.BASIC) for column in schema.inputs]
    _check_length(record, columns)
    return SparkRequest(schema, [[_basic(cell, column) for cell, column in zip(record, columns, strict=False)]])


def _json(body: bytes, default: DefaultSchema) -> SparkRequest:
    document = json.loads(body)
    schema = _schema_of(document, default)
    return SparkRequest(schema, [_row(_data(document), schema)])


def _jsonlines(body: bytes, default: DefaultSchema) -> SparkRequest:
    documents = [json.loads(line) for line in body.decode("utf-8").splitlines() if line.strip()]
    if not documents:
        raise RequestError("the body holds no line")
    schema = _schema_of(documents[0], default)
    rows: list[Any] = []
    for document in documents:
        data = _data(document)
        rows += data if data and all(isinstance(each, list) for each in data) and _is_rows(data, schema) else [data]
    return SparkRequest(schema, [_row(row, schema) for row in rows], listed=True)


_READERS: Mapping[str, Callable[[bytes, DefaultSchema], SparkRequest]] = {
    "text/csv": _csv,
    "application/json": _json,
    "application/jsonlines": _jsonlines,
}


def _is_rows(data: Sequence[Any], schema: Schema) -> bool:
    """Whether a list of lists is rows, or one row whose columns are all lists."""
    one_row = all(column.struct is not Struct.BASIC for column in schema.inputs) and len(data) == len(schema.inputs)
    return not one_row or all(isinstance(each, list) for each in data[0])


def _schema_of(document: Any, default: DefaultSchema) -> Schema:
    own = document.get("schema") if isinstance(document, dict) else None
    return parse(own) if own is not None else default()


def _data(document: Any) -> list[Any]:
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, list):
        raise RequestError('the request has to be an object with a list "data"')
    return data


def _row(data: Any, schema: Schema) -> list[Any]:
    if not isinstance(data, list):
        raise RequestError("a row has to be a list")
    _check_length(data, schema.inputs)
    return [_value(value, column) for value, column in zip(data, schema.inputs, strict=False)]


def _check_length(row: Sequence[Any], columns: Sequence[Column]) -> None:
    if len(row) < len(columns):  # more than that is cut off
        raise RequestError(f"Index {len(row)} out of bounds for length {len(row)}")


def _value(value: Any, column: Column) -> Any:
    if column.struct is Struct.BASIC:
        return _basic(value, column)
    if not isinstance(value, list):
        raise RequestError(f"Input val is not a list but struct passed is {column.struct}")
    for element in value:
        if (java := _java_class(element)) != _ELEMENTS[column.type]:
            raise RequestError(f"class java.lang.{java} cannot be cast to class java.lang.{_ELEMENTS[column.type]}")
    return value


def _basic(value: Any, column: Column) -> Any:
    """The value as Java makes it of the text that the value is."""
    if value is None:
        raise RequestError(f"the column {column.name!r} has no value")
    text = _text(value)
    if column.type == "string":
        return text
    if column.type == "boolean":
        return text.lower() == "true"
    if column.type in _BITS:
        return _whole(text, _BITS[column.type])
    if not _FLOAT.fullmatch(text):
        raise RequestError("empty String" if not text.strip() else f'For input string: "{text.strip()}"')
    return float(text.strip().rstrip("fFdD"))


def _whole(text: str, bits: int) -> int:
    if not _WHOLE.fullmatch(text):
        raise RequestError(f'For input string: "{text}"')
    number = int(text) if len(text) <= 20 else 1 << 64  # no more digits than a long has
    if not -(1 << (bits - 1)) <= number < 1 << (bits - 1):
        raise RequestError(f'For input string: "{text}"')
    return number


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value)


def _java_class(value: Any) -> str:
    """What Jackson makes of a JSON value."""
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int):
        return "Integer" if -(1 << 31) <= value < 1 << 31 else "Long" if -(1 << 63) <= value < 1 << 63 else "BigInteger"
    names = {float: "Double", str: "String", list: "ArrayList", dict: "LinkedHashMap"}
    return names.get(type(value), "Object")

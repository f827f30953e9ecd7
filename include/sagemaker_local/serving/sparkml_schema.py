"""The schema of the Spark ML container: which columns a request fills and which one is the answer. PURE.

`{"input": [{"name", "type", "struct"?}, ...], "output": {...}}`, from the variable SAGEMAKER_SPARKML_SCHEMA or from a
request, whose own wins. Rules and texts are those of aws/sagemaker-sparkml-serving-container.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class RequestError(ValueError):
    """A request that AWS's container answers with 400 and the message."""


class Struct(StrEnum):
    """The shape of a column's values."""

    BASIC = "basic"
    VECTOR = "vector"
    ARRAY = "array"


# Spark's SQL name of each type of AWS's list.
SPARK_TYPES = {
    "boolean": "boolean",
    "byte": "tinyint",
    "short": "smallint",
    "int": "int",
    "long": "bigint",
    "float": "float",
    "double": "double",
    "string": "string",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `type` is a key of SPARK_TYPES, and `double` for a vector."""

    name: str
    type: str
    struct: Struct

    @property
    def spark_type(self) -> str:
        """What Spark SQL calls the column's type; a vector comes in as an array and is made one there."""
        basic = SPARK_TYPES[self.type]
        return basic if self.struct is Struct.BASIC else f"array<{basic}>"


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns that a row fills, in order, and the one that is answered."""

    inputs: tuple[Column, ...]
    output: Column


def parse(document: Any) -> Schema:
    """The schema in `document`, which was JSON. Raises RequestError."""
    if not isinstance(document, dict):
        raise RequestError('the schema has to be an object with "input" and "output"')
    inputs = document.get("input")
    if not isinstance(inputs, list) or not inputs:
        raise RequestError('the schema\'s "input" has to be a list of columns')
    return Schema(tuple(_column(each, vectors_of_double=True) for each in inputs), _column(document.get("output")))


def _column(document: Any, *, vectors_of_double: bool = False) -> Column:
    if not isinstance(document, dict):
        raise RequestError('a column of the schema has to be an object with "name" and "type"')
    name, kind, struct = document.get("name"), document.get("type"), document.get("struct") or Struct.BASIC
    if not isinstance(name, str) or not name:
        raise RequestError("a column of the schema has no name")
    if not isinstance(kind, str) or kind not in SPARK_TYPES:
        raise RequestError("Data type passed in the request is wrong for one or more columns")
    if struct not in set(Struct):
        raise RequestError(f"the struct {struct!r} of the column {name!r} is none of basic, vector and array")
    if vectors_of_double and struct == Struct.VECTOR and kind != "double":
        raise RequestError("Only Double type is supported for vector")
    return Column(name, kind, Struct(struct))

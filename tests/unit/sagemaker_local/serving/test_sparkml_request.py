"""What the Spark ML container reads: schemas, rows in each format, and Java's ideas of types."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sagemaker_local.serving.sparkml_request import SparkRequest, UnsupportedTypeError, read
from include.sagemaker_local.serving.sparkml_schema import Column, RequestError, Schema, Struct, parse

OUTPUT = {"name": "features", "type": "double", "struct": "vector"}


def schema(*columns: tuple[str, ...]) -> Schema:
    """A schema of columns c0, c1, ... with these types and structs."""
    inputs = [
        dict(zip(("name", "type", "struct"), (f"c{n}", *column), strict=False)) for n, column in enumerate(columns)
    ]
    return parse({"input": inputs, "output": OUTPUT})


BASIC = schema(("string",), ("double",))


def ask(body: bytes | dict[str, Any], content_type: str, default: Schema | None = BASIC) -> SparkRequest:
    def known() -> Schema:
        if default is None:
            raise RequestError("no schema")
        return default

    return read(body if isinstance(body, bytes) else json.dumps(body).encode(), content_type, known)


def value(of: tuple[str, ...], given_value: Any) -> Any:
    return ask({"data": [given_value]}, "application/json", schema(of)).rows[0][0]


def test_a_schema() -> None:
    assert schema(("int",), ("double", "array")).inputs == (
        Column("c0", "int", Struct.BASIC),
        Column("c1", "double", Struct.ARRAY),
    )
    assert parse({"input": [{"name": "a", "type": "long", "struct": None}], "output": OUTPUT}).output.struct == "vector"
    assert [column.spark_type for column in schema(("long",), ("byte", "array")).inputs] == ["bigint", "array<tinyint>"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "has to be an object"),
        ({"input": [], "output": OUTPUT}, "has to be a list of columns"),
        ({"input": [{"name": "a", "type": "int"}]}, "a column of the schema has to be an object"),
        ({"input": [{"type": "int"}], "output": OUTPUT}, "has no name"),
        ({"input": [{"name": "a", "type": "decimal"}], "output": OUTPUT}, "Data type passed in the request is wrong"),
        ({"input": [{"name": "a", "type": "int", "struct": "map"}], "output": OUTPUT}, "none of basic, vector and"),
        ({"input": [{"name": "a", "type": "int", "struct": "vector"}], "output": OUTPUT}, "Only Double type"),
    ],
)
def test_schemas_that_are_refused(document: Any, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        parse(document)


def test_csv_is_one_row_whose_further_columns_are_cut_off() -> None:
    assert ask(b'"a,b",1e3,not read\nc,2\n', "text/csv; charset=utf-8").rows == [["a,b", 1000.0]]
    assert ask(b"\r\na,1\r\n", "Text/CSV").rows == [["a", 1.0]]


def test_csv_columns_are_basic_whatever_the_schema_says() -> None:
    assert ask(b"1", "text/csv", schema(("double", "vector"))).rows == [[1.0]]


def test_json_with_the_schema_of_the_environment_or_its_own() -> None:
    assert ask({"data": ["a", 1]}, "application/json").rows == [["a", 1.0]]
    own = {"schema": {"input": [{"name": "x", "type": "int"}], "output": OUTPUT}, "data": [7]}
    request = ask(own, "application/json", None)
    assert (request.rows, request.schema.inputs[0].name, request.listed) == ([[7]], "x", False)


def test_json_lines_have_a_row_or_several_in_each() -> None:
    body = b'{"data": ["a", 1]}\n\n{"data": [["b", 2], ["c", 3]]}\r\n'
    request = ask(body, "application/jsonlines")
    assert (request.rows, request.listed) == ([["a", 1.0], ["b", 2.0], ["c", 3.0]], True)
    own = {"schema": {"input": [{"name": "x", "type": "int"}], "output": OUTPUT}, "data": [7]}
    assert ask(json.dumps(own).encode() + b'\n{"data": [8]}', "application/jsonlines", None).rows == [[7], [8]]


def test_a_json_line_of_lists_is_one_row_where_every_column_is_a_list() -> None:
    vectors = schema(("double", "vector"), ("string", "array"))
    assert ask({"data": [[1.5], ["a"]]}, "application/jsonlines", vectors).rows == [[[1.5], ["a"]]]
    assert ask({"data": [[[1.5], ["a"]]] * 2}, "application/jsonlines", vectors).rows == [[[1.5], ["a"]]] * 2


@pytest.mark.parametrize(
    ("of", "given_value", "expected"),
    [
        (("int",), "7", 7),
        (("int",), 7, 7),
        (("byte",), -128, -128),
        (("long",), 1 << 40, 1 << 40),
        (("double",), "  1.5d ", 1.5),
        (("double",), 1, 1.0),
        (("float",), "-Infinity", float("-inf")),
        (("boolean",), "TRUE", True),
        (("boolean",), "yes", False),
        (("boolean",), True, True),
        (("string",), True, "true"),
        (("string",), 1.5, "1.5"),
        (("int", "array"), [1, 2], [1, 2]),
        (("long", "array"), [1 << 40], [1 << 40]),
        (("double", "vector"), [1.0], [1.0]),
        (("float", "array"), [], []),
    ],
)
def test_values_become_what_java_makes_of_them(of: tuple[str, ...], given_value: Any, expected: Any) -> None:
    made = value(of, given_value)
    assert (type(made), made) == (type(expected), expected)


@pytest.mark.parametrize(
    ("of", "given_value", "words"),
    [
        (("int",), "1.0", 'For input string: "1.0"'),
        (("int",), 1.0, 'For input string: "1.0"'),
        (("int",), " 1", 'For input string: " 1"'),
        (("int",), "1_0", 'For input string: "1_0"'),
        (("byte",), 128, 'For input string: "128"'),
        (("long",), "9" * 5000, "For input string"),
        (("double",), "abc", 'For input string: "abc"'),
        (("double",), "", "empty String"),
        (("double",), "nan", 'For input string: "nan"'),
        (("double",), None, "the column 'c0' has no value"),
        (("double", "vector"), 1.0, "Input val is not a list but struct passed is vector"),
        (("double", "array"), "1", "Input val is not a list but struct passed is array"),
        (("double", "vector"), [1], "java.lang.Integer cannot be cast to class java.lang.Double"),
        (("long", "array"), [1], "java.lang.Integer cannot be cast to class java.lang.Long"),
        (("int", "array"), [1 << 40], "java.lang.Long cannot be cast to class java.lang.Integer"),
        (("string", "array"), [True], "java.lang.Boolean cannot be cast to class java.lang.String"),
        (("int", "array"), [None], "cannot be cast"),
    ],
)
def test_values_that_java_refuses(of: tuple[str, ...], given_value: Any, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        value(of, given_value)


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"a", "text/csv", "Index 1 out of bounds for length 1"),
        (b"\n", "text/csv", "holds no row"),
        (b"\xff", "text/csv", "cannot be read"),
        (b"{", "application/json", "cannot be read"),
        (b"[" * 100_000, "application/json", "cannot be read"),
        (b"[]", "application/json", 'a list "data"'),
        (b'{"data": {}}', "application/json", 'a list "data"'),
        (b'{"data": ["a"]}', "application/json", "Index 1 out of bounds"),
        (b'{"schema": {}, "data": []}', "application/json", '"input"'),
        (b"\n", "application/jsonlines", "holds no line"),
        (b'{"data": []}', "application/jsonlines", "Index 0 out of bounds"),
    ],
)
def test_bodies_that_are_refused(body: bytes, content_type: str, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        ask(body, content_type)


def test_other_content_types_and_a_missing_schema() -> None:
    with pytest.raises(UnsupportedTypeError):
        ask(b"a,1", "text/plain")
    for body, kind in ((b"a,1", "text/csv"), (b'{"data": []}', "application/json")):
        with pytest.raises(RequestError, match="no schema"):
            ask(body, kind, None)


@given(st.binary(max_size=60), st.sampled_from(["text/csv", "application/json", "application/jsonlines"]))
def test_any_body_is_read_or_refused(body: bytes, content_type: str) -> None:
    try:
        assert all(len(row) == 2 for row in ask(body, content_type).rows)
    except RequestError:
        return

from __future__ import annotations

from typing import Any

import pytest

from include.sagemaker_local.json_path import JsonPathError, parse_json_path

ROW = ["a", "b", "c", "d"]
OBJECT = {"id": 7, "features": [1, 2, 3], "SageMakerOutput": {"score": 0.5}}


@pytest.mark.parametrize(
    ("path", "value", "selected"),
    [
        ("$", ROW, ROW),
        ("", ROW, ROW),
        ("$[0]", ROW, "a"),
        ("$[-1]", ROW, "d"),
        ("$[0,2,-1]", ROW, ["a", "c", "d"]),
        ("$[1:]", ROW, ["b", "c", "d"]),
        ("$[:-1]", ROW, ["a", "b", "c"]),
        ("$[1:3]", ROW, ["b", "c"]),
        ("$[1:99]", ROW, ["b", "c", "d"]),
        ("$[*]", ROW, ROW),
        ("$.*", {"a": 1, "b": 2}, [1, 2]),
        ("$.id", OBJECT, 7),
        ("$['id']", OBJECT, 7),
        ("$.features[0]", OBJECT, 1),
        ("$.SageMakerOutput.score", OBJECT, 0.5),
        ("$['id','SageMakerOutput']", OBJECT, {"id": 7, "SageMakerOutput": {"score": 0.5}}),
        ("$['features'][ 0 , 2 ]", OBJECT, [1, 3]),
    ],
)
def test_what_a_path_selects(path: str, value: Any, selected: Any) -> None:
    assert parse_json_path(path).select(value) == selected


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("$[4]", ROW, "no position 4 among 4"),
        ("$[0,9]", ROW, "no position 9"),
        ("$[-5]", ROW, "no position -5"),
        ("$.nope", OBJECT, "no key 'nope'"),
        ("$['id','nope']", OBJECT, "no key 'nope'"),
        ("$.id.more", OBJECT, "no key 'more' in a value that is no object"),
        ("$[0]", OBJECT, "no array"),
        ("$[1:]", 5, "no array"),
    ],
)
def test_what_is_not_there(path: str, value: Any, reason: str) -> None:
    with pytest.raises(JsonPathError, match=reason):
        parse_json_path(path).select(value)


@pytest.mark.parametrize("path", ["id", "$..id", "$[?(@.id>1)]", "$[", "$.", "$[1:2:3]", '$["id"]', "$[0]x", "$ .id"])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(JsonPathError, match="no JSONPath"):
        parse_json_path(path)


@pytest.mark.parametrize(
    ("path", "by_position"), [("$", True), ("$[0,1]", True), ("$[*]", True), ("$.a", False), ("$['a']", False)]
)
def test_whether_a_row_can_have_it(path: str, by_position: bool) -> None:
    assert parse_json_path(path).by_position is by_position

"""What the Spark ML container answers: Accept, the forms, and numbers as Java prints them."""

from __future__ import annotations

from typing import Any

import pytest

from include.sagemaker_local.serving.sparkml_response import accepted, encode, java_text
from include.sagemaker_local.serving.sparkml_schema import RequestError, Struct

CSV, LINES, TEXT = "text/csv", "application/jsonlines", "application/jsonlines;data=text"


@pytest.mark.parametrize(
    ("header", "environment", "expected"),
    [
        ("", None, CSV),
        ("*/*", None, CSV),
        ("  ", TEXT, TEXT),
        ("*/*", LINES, LINES),
        (CSV, LINES, CSV),
        (TEXT, None, TEXT),
        ("", "", CSV),
    ],
)
def test_which_form_is_asked_for(header: str, environment: str | None, expected: str) -> None:
    assert accepted(header, environment) == expected


@pytest.mark.parametrize(
    ("header", "environment"),
    [("application/json", None), ("text/csv; q=1", None), ("", "application/json"), ("Text/CSV", None)],
)
def test_other_forms_are_refused_to_the_letter(header: str, environment: str | None) -> None:
    with pytest.raises(RequestError) as refused:
        accepted(header, environment)
    assert str(refused.value) == "Accept value passed via request or environment variable is not valid"


@pytest.mark.parametrize(
    ("value", "struct", "accept", "body"),
    [
        ([1.0, 0.5], Struct.VECTOR, CSV, "1.0,0.5"),
        ([1.0, 1e-5], Struct.VECTOR, LINES, '{"features":[1.0,1.0E-5]}'),
        (["a", 'é"'], Struct.ARRAY, LINES, '{"features":["a","é\\""]}'),
        (["sagemaker", "é"], Struct.ARRAY, TEXT, '{"source":"sagemaker é"}'),
        ([float("nan"), True], Struct.ARRAY, LINES, '{"features":["NaN",true]}'),
        (7, Struct.BASIC, LINES, "7"),
        (0.1, Struct.BASIC, CSV, "0.1"),
        (True, Struct.BASIC, CSV, "true"),
        ("a,b", Struct.BASIC, CSV, "a,b"),
    ],
)
def test_forms(value: Any, struct: Struct, accept: str, body: str) -> None:
    assert encode([value], struct, accept, listed=False) == (body, CSV if accept == CSV else LINES)


def test_json_lines_are_answered_as_java_prints_a_list_of_lists() -> None:
    assert encode([[1, 2], [3, 4]], Struct.ARRAY, CSV, listed=True) == ("[[1,2], [3,4]]", CSV)
    assert encode([1.0], Struct.BASIC, LINES, listed=True) == ("[[1.0]]", LINES)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (-2e-5, "-2.0E-5"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (123456789.0, "1.23456789E8"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
        (5e-324, "5.0E-324"),
        (0.30000000000000004, "0.30000000000000004"),
        (100.0, "100.0"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (None, "null"),
        (12, "12"),
    ],
)
def test_numbers_look_as_java_prints_them(value: Any, text: str) -> None:
    assert java_text(value) == text

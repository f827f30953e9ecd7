"""Java's regular expressions, as the service models write them, in Python."""

from __future__ import annotations

import pytest

from include.sagemaker_local.wire.patterns import matches


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"\p{ASCII}*", "a\x00~", "ü"),
        (r"\A\S[\p{Print}]*\z", "a b~", "a\x7f"),
        (r"\p{Print}+", " ~", "\n"),
        (r"[\p{Alnum}\]]+\p{Alnum}", "]a1", "a]"),
        (r"[\p{L}\p{N}]+", "äß1", "a b"),
        (r"^(?!.*\..*\.)[a-zA-Z0-9][a-zA-Z0-9-_\.]*$", "a.b", "a.b.c"),
    ],
)
def test_properties_inside_and_outside_of_brackets(pattern: str, good: str, bad: str) -> None:
    assert matches(pattern, good)
    assert not matches(pattern, bad)

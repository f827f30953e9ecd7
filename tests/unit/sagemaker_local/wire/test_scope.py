from __future__ import annotations

from typing import Any

import pytest

from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.wire.scope import Kind, Scope, below, exact, only, refused, simplified

SCOPE = Scope(
    {
        **exact("Name", "Tags"),
        **simplified("Role", how="nobody assumes it"),
        **only("Isolated", False, why="there is no network"),
        **refused("Gone", why="it went"),
        **below(
            "Parts", {**exact("Size"), **only("Kinds", "a", "b", why="there are two"), **refused("Colour", why="x")}
        ),
    }
)


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"Name": "n", "Role": "r", "Isolated": False},
        {"Tags": [{"Key": "k", "Anything": "v"}]},  # taken as a whole
        {"Parts": []},
        {"Parts": [{"Size": 1, "Kinds": ["a", "b"]}, {}]},
    ],
)
def test_what_is_served_passes(request_: dict[str, Any]) -> None:
    SCOPE.refuse_unsupported("Make", request_)


@pytest.mark.parametrize(
    ("request_", "what"),
    [
        ({"Gone": None}, "Gone in Make: it went"),
        ({"Gone": []}, "Gone in Make: it went"),
        ({"Isolated": True}, "Isolated True in Make: there is no network"),
        ({"Parts": [{"Size": 1}, {"Colour": "red"}]}, "Parts.Colour in Make: x"),
        ({"Parts": [{"Kinds": ["a", "c"]}]}, "Parts.Kinds c in Make: there are two"),
        ({"Newer": 1}, "Newer in Make: it is newer than this version"),
        ({"Parts": [{"Newer": 1}]}, "Parts.Newer in Make: it is newer than this version"),
    ],
)
def test_what_is_not_served_is_named_with_the_reason(request_: dict[str, Any], what: str) -> None:
    with pytest.raises(ApiError) as caught:
        SCOPE.refuse_unsupported("Make", request_)
    assert caught.value.code == "UnsupportedOperation"
    assert caught.value.message == f"The local SageMaker does not support {what}. Leave it out."


@pytest.mark.parametrize(
    ("path", "kind"),
    [("Name", Kind.EXACT), ("Tags.Key", Kind.EXACT), ("Parts.Colour", Kind.REFUSED), ("Parts", None), ("No", None)],
)
def test_a_member_takes_the_treatment_of_its_structure(path: str, kind: Kind | None) -> None:
    treatment = SCOPE.treatment(path)
    assert (None if treatment is None else treatment.kind) is kind


@pytest.mark.parametrize("paths", [("A", "A.B"), ("A.B", "A")])
def test_a_structure_is_declared_as_a_whole_or_in_parts(paths: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="is declared"):
        Scope(exact(*paths))

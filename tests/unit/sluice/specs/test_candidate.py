from __future__ import annotations

from typing import Any

import pytest
from sluice.errors import SpecError
from sluice.fields.typed import build
from sluice.specs.candidate import CandidateSpec
from sluice.specs.pipeline import PipelineSpec, as_candidate

from tests.fakes.specs import a_spec, spec_document

OTHER = "s3://models/other/model.tar.gz"
TWO: dict[str, Any] = {"base": {}, "other": {"model_data": {"predict": OTHER}}}


def test_a_candidate_is_the_spec_with_its_own_and_a_staging_endpoint_of_its_own() -> None:
    asked = CandidateSpec(
        model_data={"predict": OTHER}, environment={"predict": {"THREADS": "2"}}, image={"featurize": "new:2"}
    )
    made = as_candidate(a_spec(candidates=TWO), "slim", asked)
    assert (made.containers[1].model_data, made.containers[1].environment) == (OTHER, {"THREADS": "2"})
    assert made.containers[0].image == "new:2"
    assert made.staging.endpoint == "iris-staging-slim" and made.candidates == {}
    assert a_spec(candidates=TWO).staging_endpoints == ("iris-staging", "iris-staging-base", "iris-staging-other")


def test_the_later_one_holds_for_the_same_hostname() -> None:
    first = CandidateSpec(model_data={"a": "1", "b": "1"}, image={"a": "1"})
    assert CandidateSpec(model_data={"b": "2"}).over(first) == CandidateSpec(
        model_data={"a": "1", "b": "2"}, image={"a": "1"}
    )


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("candidates", {"candidates": {"one": {}}}, "2 to 10"),
    ("candidates", {"candidates": {f"c{n}": {} for n in range(11)}}, "2 to 10"),
    ("candidates.b", {"candidates": {"a": {}, "b": {}}}, "the same as candidates.a"),
    ("candidates.a_b", {"candidates": {"a_b": {}, "b": TWO["other"]}}, "is no name"),
    ("candidates." + "x" * 60, {"candidates": {"x" * 60: {}, "b": TWO["other"]}}, "too long"),
    ("candidates.a.model_data.predikt", {"candidates": {"a": {"model_data": {"predikt": OTHER}}, "b": {}}}, "did you"),
    ("candidates.a.model_data.predict", {"candidates": {"a": {"model_data": {"predict": "x"}}, "b": {}}}, "not match"),
    (
        "candidates.a.environment.predict.1X",
        {"candidates": {"a": {"environment": {"predict": {"1X": ""}}}, "b": {}}},
        "no variable",
    ),
    ("candidates.a.image.predict", {"candidates": {"a": {"image": {"predict": "a b"}}, "b": {}}}, "not match"),
    ("candidates.a.images", {"candidates": {"a": {"images": {}}, "b": {}}}, "did you mean 'image'"),
    (
        "candidates.b",
        {"candidates": TWO | {"b": {"image": {"predict": "x"}}}, "production__endpoint": "iris-staging-b"},
        "production endpoint",
    ),
    (
        "benchmark.instance_types",
        {
            "candidates": TWO,
            "benchmark__instance_types": ["ml.m5.large"],
            "gate__rules": [{"metric": "model_latency_ms", "max": 1}],
        },
        "candidates are compared by",
    ),
    ("staging.candidates_at_once", {"staging__candidates_at_once": 2}, "without candidates"),
    ("staging.candidates_at_once", {"candidates": TWO, "staging__candidates_at_once": 0}, "at least 1"),
]


@pytest.mark.parametrize(("path", "changes", "says"), REFUSED, ids=[f"{path}-{says}" for path, _, says in REFUSED])
def test_candidates_that_cannot_be_compared_are_refused_with_the_path(
    path: str, changes: dict[str, Any], says: str
) -> None:
    document = spec_document(**changes)
    with pytest.raises(SpecError, match=says) as caught:
        build(PipelineSpec, document)
    assert caught.value.path == path

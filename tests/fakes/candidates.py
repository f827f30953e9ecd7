"""A candidate whose artifacts are in the fake S3, as preflight would let it through."""

from __future__ import annotations

from typing import Any

from sluice.operators.candidate import Candidate
from sluice.specs.pipeline import PipelineSpec

from tests.fakes.archives import tar_gz
from tests.fakes.sagemaker_api import FakeAws
from tests.fakes.specs import a_spec, digests_of


def a_candidate(spec: PipelineSpec | None = None) -> Candidate:
    spec = spec or a_spec()
    return Candidate(spec, digests_of(spec))


def given(candidate: Candidate) -> dict[str, Any]:
    """The keyword arguments that every operator on a candidate takes."""
    return {"pipeline": candidate.spec, "candidate": candidate.to_xcom()}


def aws_with_artifacts(spec: PipelineSpec | None = None) -> FakeAws:
    aws = FakeAws()
    for uri in (spec or a_spec()).artifact_uris:
        aws.objects[uri] = tar_gz({"row-1.csv": b"1,2,3\n"})
    return aws

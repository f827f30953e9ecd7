"""A registered version in a spec's words: what was made of a spec gives that spec's content again."""

from __future__ import annotations

from typing import Any

import pytest
from sluice.errors import SpecError
from sluice.fields.typed import build, plain
from sluice.naming import names_for
from sluice.requests import resources as resource_requests
from sluice.responses.resources import adopted_package
from sluice.specs.adopted_package import AdoptedPackage
from sluice.specs.pipeline import PipelineSpec

from tests.fakes.specs import DROP, a_spec, digests_of

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/iris-group/3"


def registered(spec: PipelineSpec, **changes: Any) -> dict[str, Any]:
    """DescribeModelPackage's answer for what the spec registers."""
    request = resource_requests.create_model_package(spec, names_for(spec, digests_of(spec)))
    known = {"ModelPackageArn": ARN, "ModelPackageVersion": 3, "ModelPackageStatus": "Completed"}
    return {**request, **known, **changes}


@pytest.mark.parametrize(
    "spec",
    [
        a_spec(),
        a_spec(containers=[{"image": "a"}, {"image": "b"}], package__framework_version=DROP),
        a_spec(containers__0__framework="OTHER", benchmark__instance_types=["ml.c5.large"]),
        a_spec(package__content_types=["text/csv", "application/json"], package__task="REGRESSION"),
    ],
)
def test_a_version_of_the_spec_is_the_specs_content_whatever_the_spec_says_now(spec: PipelineSpec) -> None:
    adopted = adopted_package(registered(spec))
    today = a_spec(containers=[{"image": "x"}, {"image": "y"}], package__framework="OTHER", package__task="OTHER")
    again = adopted.applied_to(today)
    assert names_for(again, digests_of(again)) == names_for(spec, digests_of(spec))
    assert build(AdoptedPackage, plain(adopted)) == adopted


def test_what_a_version_leaves_open_is_the_specs() -> None:
    answer = registered(a_spec())
    for member in ("Domain", "Task", "SamplePayloadUrl"):
        del answer[member]
    answer["InferenceSpecification"] = {"Containers": answer["InferenceSpecification"]["Containers"]}
    spec = a_spec(package__domain="COMPUTER_VISION")
    adopted = adopted_package(answer).applied_to(spec)
    assert (adopted.package, adopted.benchmark) == (spec.package, spec.benchmark)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ModelPackageGroupName": "other"}, "of the group other"),
        ({"ModelPackageStatus": "Failed"}, "is Failed"),
        ({"InferenceSpecification": {"Containers": [{"Image": "a"}]}}, "at least 2"),
        ({"InferenceSpecification": {}}, "at least 2"),
    ],
)
def test_a_version_that_this_pipeline_cannot_use(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said) as refused:
        adopted_package(registered(a_spec(), **changes)).applied_to(a_spec())
    assert refused.value.path == "params.model_package_arn"

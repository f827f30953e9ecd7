from __future__ import annotations

from dataclasses import replace

import pytest
from sluice.account.model_proof import differences
from sluice.specs.container import ContainerSpec, with_variables

from tests.fakes.specs import a_spec

WANTED = a_spec().containers


def test_the_same_containers_are_no_difference_and_neither_is_what_aws_adds() -> None:
    assert differences(WANTED, WANTED) == ()
    assert differences(WANTED, tuple(with_variables(each, {"SAGEMAKER_REGION": "eu-west-1"}) for each in WANTED)) == ()


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (WANTED[:1], "it has 1 containers, and 2 were asked for"),
        (tuple(reversed(WANTED)), "container 1: hostname is predict, and featurize was asked for"),
        ((replace(WANTED[0], image="other"), WANTED[1]), "container 1: image is other"),
        ((WANTED[0], replace(WANTED[1], model_data=None)), "container 2: model_data is None"),
        ((replace(WANTED[0], environment={}), WANTED[1]), "container 1: SAGEMAKER_PROGRAM is None, and 'inference.py'"),
    ],
)
def test_what_is_missing_is_named(held: tuple[ContainerSpec, ...], says: str) -> None:
    assert differences(WANTED, held)[0].startswith(says)

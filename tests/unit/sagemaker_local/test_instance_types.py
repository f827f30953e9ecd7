from __future__ import annotations

import botocore.session
import pytest

from include.sagemaker_local.instance_types import all_types, is_burstable, lookup


@pytest.mark.parametrize(
    ("name", "vcpus", "memory_gib", "usd_per_hour"),
    [  # prices that AWS's own documentation or price list prints
        ("ml.m5.large", 2, 8, 0.115),
        ("ml.m5.2xlarge", 8, 32, 0.461),
        ("ml.c5.xlarge", 4, 8, 0.204),
        ("ml.c5.9xlarge", 36, 72, 1.836),
        ("ml.c5d.xlarge", 4, 8, 0.23),
        ("ml.g4dn.xlarge", 4, 16, 0.736),
    ],
)
def test_published_types(name: str, vcpus: int, memory_gib: float, usd_per_hour: float) -> None:
    found = lookup(name)

    assert found is not None
    assert (found.vcpus, found.memory_gib, found.usd_per_hour) == (vcpus, memory_gib, usd_per_hour)
    assert found.price_confidence == "A"


@pytest.mark.parametrize(
    ("name", "burstable"), [("ml.t2.medium", True), ("ml.t3.large", True), ("ml.trn1.2xlarge", False)]
)
def test_only_t_types_are_burstable(name: str, burstable: bool) -> None:
    assert is_burstable(name) is burstable


def test_nothing_is_guessed_for_an_unknown_type() -> None:
    assert lookup("ml.x9.huge") is None
    assert lookup("c5.large") is None


def test_every_name_is_listed_once_and_every_price_has_three_decimals_at_most() -> None:
    names = [each.name for each in all_types()]

    assert len(names) == len(set(names))
    for each in all_types():
        assert each.usd_per_hour is not None
        assert round(each.usd_per_hour, 3) == each.usd_per_hour


def test_every_name_is_one_that_the_service_knows() -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    known = set(model.shape_for("ProductionVariantInstanceType").enum)

    assert {each.name for each in all_types()} <= known


def test_only_burstable_types_are_burstable() -> None:
    assert {each.name for each in all_types() if each.burstable} == {
        "ml.t2.medium",
        "ml.t2.large",
        "ml.t2.xlarge",
        "ml.t2.2xlarge",
    }

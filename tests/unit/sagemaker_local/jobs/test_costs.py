from __future__ import annotations

import struct

import pytest

from include.sagemaker_local.jobs.costs import cost_per_hour_usd, cost_per_inference_usd, instances_needed

# Unit price, instances, MaxInvocations, CostPerHour, CostPerInference, as AWS's documentation prints them.
PUBLISHED = [
    (0.7364, 1, 1645, 0.7360000014305115, 7.456940238625975e-06),  # ml.g4dn.xlarge
    (0.204, 1, 648, 0.20399999618530273, 5.246913588052848e-06),  # ml.c5.xlarge
    (0.23, 3, 1113, 0.6899999976158142, 1.0332434612791985e-05),  # 3 x ml.c5d.xlarge
    (0.115, 1, 655, 0.11500000208616257, 2.92620870823157e-06),  # ml.c5d.large
]


@pytest.mark.parametrize(("unit", "count", "invocations", "per_hour", "per_inference"), PUBLISHED)
def test_published_samples_to_the_last_digit(
    unit: float, count: int, invocations: int, per_hour: float, per_inference: float
) -> None:
    cost = cost_per_hour_usd(unit, count)

    assert cost == per_hour
    assert cost_per_inference_usd(cost, invocations) == per_inference


@pytest.mark.parametrize("value", [cost_per_hour_usd(1.836, 2), cost_per_inference_usd(0.102, 12_345)])
def test_costs_are_32_bit_floats(value: float) -> None:
    assert struct.unpack("f", struct.pack("f", value))[0] == value


@pytest.mark.parametrize(
    ("wanted", "per_instance", "count"), [(1000, 371, 3), (742, 371, 2), (371, 371, 1), (1, 371, 1), (1000, 0, 1)]
)
def test_as_many_instances_as_the_wanted_invocations_need(wanted: int, per_instance: int, count: int) -> None:
    """1,000 at 371 each are 3: AWS's sample of an Advanced job."""
    assert instances_needed(wanted, per_instance) == count

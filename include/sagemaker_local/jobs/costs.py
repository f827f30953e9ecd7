"""What an endpoint costs, to the last digit that the service prints.

The service keeps both figures as 32-bit floats; the published samples come out exactly.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
import struct

# The service calculates with the three decimals that its price list prints.
_PRICE_DECIMALS = 3
_MINUTES_PER_HOUR = 60


def cost_per_hour_usd(unit_price_usd: float, instance_count: int) -> float:
    """USD an hour for `instance_count` instances at `unit_price_usd` an hour each."""
    return _float32(round(unit_price_usd, _PRICE_DECIMALS) * instance_count)


def cost_per_inference_usd(cost_per_hour: float, max_invocations: int) -> float:
    """USD for one prediction on an endpoint that makes `max_invocations` a minute (at least 1)."""
    return _float32(cost_per_hour / (max_invocations * _MINUTES_PER_HOUR))


def instances_needed(wanted_per_minute: int, per_instance: int) -> int:
    """How many instances make `wanted_per_minute` predictions a minute when one makes `per_instance`.

    1 when one makes none: then no number of them would.
    """
    return max(1, math.ceil(wanted_per_minute / per_instance)) if per_instance > 0 else 1


def _float32(value: float) -> float:
    """The nearest 32-bit float, as a Python float."""
    single: float = struct.unpack("f", struct.pack("f", value))[0]
    return single

"""How many instances a policy asks for.

Sources: "How target tracking scaling works" and "How step scaling works" in the user guide of Application Auto Scaling,
and StepAdjustment in its API reference. Where they leave a choice, it is ours and says so.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from include.sagemaker_local.autoscaling.policies import Adjustment, Step, Stepping


def tracked(capacity: int, value: float, target: float) -> int:
    """The capacity at which the metric would be at its target, if it fell in proportion, rounded up."""
    # A quotient that is whole but for the floating point's last digit must not cost an instance.
    return math.ceil(round(capacity * value / target, 9))


def reduced(capacity: int, values: Sequence[float], target: float) -> int:
    """The capacity after a scale-in; `capacity` itself when one instance less would bring the metric back above its
    target.

    AWS does not say which datapoint counts. Here it is the highest one, since scale-in is to be conservative.
    """
    return min(capacity, max(1, tracked(capacity, max(values), target)))


def stepped(policy: Stepping, capacity: int, beyond: float, *, upwards: bool) -> int | None:
    """The capacity after the step for a metric that is `beyond` the threshold (below it: negative).

    `upwards` says whether the alarm is for values above its threshold. None when no step covers the value.
    """
    step = next((step for step in policy.steps if _covers(step, beyond, upwards=upwards)), None)
    if step is None:
        return None
    if policy.kind is Adjustment.EXACT:
        return step.adjustment
    if policy.kind is Adjustment.CHANGE:
        return capacity + step.adjustment
    return capacity + _whole(capacity * step.adjustment / 100, policy.least)


def _covers(step: Step, beyond: float, *, upwards: bool) -> bool:
    """Above the threshold the lower bound belongs to the step, below it the upper one."""
    return step.lower <= beyond < step.upper if upwards else step.lower < beyond <= step.upper


def _whole(change: float, least: int) -> int:
    """A percentage of the capacity as instances: towards zero, but at least one and at least `least`."""
    if change == 0:
        return 0
    size = max(1, least, math.floor(round(abs(change), 9)))
    return size if change > 0 else -size

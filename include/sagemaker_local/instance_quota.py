"""How many instances of a type an account may run here: AWS's refusal, where the number is a setting of the server.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Mapping


def refusal(quota: int, others: Mapping[str, int], own: Mapping[str, int], wanted: Mapping[str, int]) -> str | None:
    """AWS's message when `wanted` takes more of a type than the quota leaves; None when it does not.

    All three are instances by type: what the region's other endpoints have, what the endpoint has, what it is to have.
    What runs beside it while a deployment is under way is not counted, and an endpoint beyond a quota which was lowered
    may stay so: both are our choices.
    """
    for instance_type, count in wanted.items():
        delta = count - own.get(instance_type, 0)
        if others.get(instance_type, 0) + count > quota and delta > 0:
            used = others.get(instance_type, 0) + own.get(instance_type, 0)
            return _exceeded(instance_type, quota, used, delta)
    return None


def _exceeded(instance_type: str, quota: int, used: int, delta: int) -> str:
    """The sentences up to "Instances." are AWS's; what to do is said for this server."""
    return (
        f"The account-level service limit '{instance_type} for endpoint usage' is {quota} Instances, with current "
        f"utilization of {used} Instances and a request delta of {delta} Instances. Please start the local SageMaker "
        "with a larger --max-instances to increase this quota."
    )

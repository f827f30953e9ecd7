"""What an hour of an ML instance costs by AWS's list: for estimates made before anything has run. PURE.

USD per hour of real-time inference, on demand in us-east-1, with the three decimals that AWS prints (Amazon SageMaker
AI pricing, "Real-Time Inference"). Other regions and contracts differ. A type that is not here is unknown: nothing is
guessed. What a job has measured carries AWS's own cost and takes the place of these.
"""

from __future__ import annotations

REGION = "us-east-1"

_BY_FAMILY = {
    "t2": "medium 0.056 large 0.111 xlarge 0.223 2xlarge 0.445",
    "m4": "xlarge 0.24 2xlarge 0.48",
    "m5": "large 0.115 xlarge 0.23 2xlarge 0.461 4xlarge 0.922 12xlarge 2.765 24xlarge 5.53",
    "m5d": "large 0.136 xlarge 0.271",
    "c5": "large 0.102 xlarge 0.204 2xlarge 0.408 4xlarge 0.816 9xlarge 1.836 18xlarge 3.672",
    "c5d": "large 0.115 xlarge 0.23 2xlarge 0.461 4xlarge 0.922 9xlarge 2.074",
    "r5": "large 0.151 xlarge 0.302 2xlarge 0.605 4xlarge 1.21 12xlarge 3.629",
    "c6i": "large 0.102 xlarge 0.204 2xlarge 0.408",
    "m6i": "large 0.115 xlarge 0.23 2xlarge 0.461",
    "c7g": "large 0.087 xlarge 0.174",
    "g4dn": "xlarge 0.736 2xlarge 0.94 4xlarge 1.505 8xlarge 2.72 12xlarge 4.89 16xlarge 5.44",
    "g5": "xlarge 1.408 2xlarge 1.515 4xlarge 2.03 8xlarge 3.06 12xlarge 7.09 16xlarge 5.12 24xlarge 10.18 "
    "48xlarge 20.36",
    "g6": "xlarge 1.127 2xlarge 1.222 4xlarge 1.654 12xlarge 5.752 24xlarge 8.344 48xlarge 16.688",
    "inf1": "xlarge 0.297 2xlarge 0.489",
    "inf2": "xlarge 0.76",
    "p3": "2xlarge 3.825 8xlarge 14.688 16xlarge 28.152",
    "p4d": "24xlarge 37.69",
}
_USD_PER_HOUR = {
    f"ml.{family}.{size}": float(usd)
    for family, listed in _BY_FAMILY.items()
    for size, usd in zip(listed.split()[::2], listed.split()[1::2], strict=True)
}


def usd_per_hour(instance_type: str) -> float | None:
    """The list price of one instance of a type such as `ml.c5.large`; None for one that is not listed."""
    return _USD_PER_HOUR.get(instance_type)

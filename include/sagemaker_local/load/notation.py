"""How people write durations, rates, phases and stairs on a command line.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import math
import re

from include.sagemaker_local.load.course import Phase, Phases, Stairs

_UNITS_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)?")
_RATE = re.compile(r"(\d+(?:\.\d+)?)(?:/(s|m|h))?")
_PHASE = re.compile(r"([^:]+):(\d+)(?:\+(\d+(?:\.\d+)?)/m)?")
_STAIRS = re.compile(r"([^:]+):(\d+)x(\d+)")


def duration_s(text: str) -> float:
    """`200ms`, `1.5s`, `2m`, `1h`; a bare number is seconds. Raises ValueError when it is none, or 0."""
    found = _DURATION.fullmatch(text.strip())
    seconds = float(found[1]) * _UNITS_S[found[2] or "s"] if found else 0.0
    if not 0 < seconds < math.inf:
        raise ValueError(f"{text!r} is not a duration above 0 such as 200ms, 30s, 2m or 1h")
    return seconds


def rate_per_s(text: str) -> float:
    """`500`, `500/s`, `30000/m`: requests a second. Raises ValueError when it is none, or 0."""
    found = _RATE.fullmatch(text.strip())
    rate = float(found[1]) / _UNITS_S[found[2] or "s"] if found else 0.0
    if not 0 < rate < math.inf:
        raise ValueError(f"{text!r} is not a rate above 0 such as 500/s or 30000/m")
    return rate


def phases(text: str) -> Phases:
    """`2m:1,2m:1+3/m`: two minutes of one user, then two that begin with one and get three more each minute.

    Raises ValueError.
    """
    found = [_PHASE.fullmatch(part.strip()) for part in text.split(",")]
    parsed = [(part[1], int(part[2]), float(part[3] or 0)) for part in found if part]
    if len(parsed) < len(found) or any(users < 1 for _, users, _ in parsed):
        raise ValueError(f"{text!r} is not DURATION:USERS[+MORE/m],..., such as 2m:1,2m:1+3/m, with 1 user or more")
    return Phases(tuple(Phase(users, more, duration_s(duration)) for duration, users, more in parsed))


def stairs(text: str) -> Stairs:
    """`10m:5x2`: ten minutes in five steps of equal length, each with two users more. Raises ValueError."""
    found = _STAIRS.fullmatch(text.strip())
    if found is None or not int(found[2]) or not int(found[3]):
        raise ValueError(f"{text!r} is not DURATION:STEPSxUSERS, such as 10m:5x2, both 1 or more")
    return Stairs(duration_s(found[1]), int(found[2]), int(found[3]))

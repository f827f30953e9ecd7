"""What the main process tells its gateway processes and asks them. Plain values: they travel pickled.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from dataclasses import dataclass

from include.sagemaker_local.routes import Route
from include.sagemaker_local.settings import Settings


@dataclass(frozen=True, slots=True)
class Serve:
    """Asked once, after the routes: accept connections. The answer, None, says that it does."""

    settings: Settings
    main_name: str  # the main process's socket; see http1/unix_socket.py


@dataclass(frozen=True, slots=True)
class PutRoute:
    """Told: requests take this route from now on."""

    route: Route


@dataclass(frozen=True, slots=True)
class DropRoute:
    """Told: nothing serves the endpoint any more."""

    region: str
    endpoint_name: str


@dataclass(frozen=True, slots=True)
class PassInvocationsOn:
    """Asked: from now on the main process answers invocations too, or no longer. The answer, None: so it is."""

    on: bool


@dataclass(frozen=True, slots=True)
class Drain:
    """Asked: wait until nothing is under way on the instances, at most `timeout_s`. The answer says whether it was so.

    Orders are followed in their sequence, so the answer also means that every route told before is in use.
    """

    instance_ids: tuple[str, ...]
    timeout_s: float


@dataclass(frozen=True, slots=True)
class TakeCounts:
    """Asked: the answer is what was counted since the last time, `list[Counts]`."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Asked: accept no more, answer what has begun for at most `grace_s`. The answer is that of TakeCounts."""

    grace_s: float

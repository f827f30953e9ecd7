"""How production goes from one version to the next: AWS's deployment guardrails, in a spec's words.

Limits are those of the service model and of AWS's guide on deployment guardrails ("Deployment guardrails for updating
models in production").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from sluice.errors import SpecError
from sluice.fields.limits import Limit, check

ALARM_NAME_MAX = 255
ALARMS_MAX = 10


class DeploymentType(StrEnum):
    """How traffic moves to the new fleet."""

    ALL_AT_ONCE = "all_at_once"
    CANARY = "canary"
    LINEAR = "linear"
    ROLLING = "rolling"


PERCENT_BOUNDS = {DeploymentType.CANARY: (1, 50), DeploymentType.LINEAR: (10, 50), DeploymentType.ROLLING: (5, 50)}
"""Smallest and largest share of the fleet that moves at a time."""


@dataclass(frozen=True, kw_only=True)
class DeploymentSpec:
    """How the production endpoint is updated. A first deployment has nothing to go back to, and takes none of it."""

    type: Annotated[DeploymentType, Limit("How traffic moves to the new version.")]
    percent: Annotated[
        int | None,
        Limit(
            "Share of the fleet: the canary's (at most 50), a linear step's (10 to 50) or a rolling batch's (5 to 50).",
            minimum=1,
            maximum=50,
        ),
    ] = None
    bake_seconds: Annotated[
        int,
        Limit(
            "Seconds to watch the alarms after each share has moved, and before the old fleet goes.",
            minimum=0,
            maximum=3600,
        ),
    ] = 300
    timeout_seconds: Annotated[
        int | None,
        Limit("Seconds after which AWS gives up and rolls back; no limit when left out.", minimum=600, maximum=28800),
    ] = None
    alarms: Annotated[
        tuple[str, ...],
        Limit(
            "CloudWatch alarms of which each rolls the deployment back.",
            pattern=r"(?!\s*$).+",
            max_length=ALARM_NAME_MAX,
            max_items=ALARMS_MAX,
        ),
    ] = ()

    def __post_init__(self) -> None:
        check(self)
        self._check_percent()
        if self.timeout_seconds is not None and self.timeout_seconds <= self.waits_s:
            raise SpecError(
                "timeout_seconds", f"must be greater than all waits together, which are {self.waits_s} seconds"
            )

    def _check_percent(self) -> None:
        if self.type is DeploymentType.ALL_AT_ONCE:
            if self.percent is not None:
                raise SpecError("percent", "is not for all_at_once, which moves everything")
            return
        least, most = PERCENT_BOUNDS[self.type]
        if self.percent is None:
            raise SpecError("percent", f"is missing: {self.type.value} moves {least} to {most} per cent at a time")
        if not least <= self.percent <= most:
            raise SpecError("percent", f"must be {least} to {most} for {self.type.value}, not {self.percent}")

    @property
    def waits_s(self) -> int:
        """Seconds that the waits take together, at most; starting instances comes on top."""
        return self._shares * self.bake_seconds

    @property
    def _shares(self) -> int:
        """In how many parts the traffic moves, at most: what follows a canary moves at once."""
        if self.percent is None:
            return 1
        return 2 if self.type is DeploymentType.CANARY else math.ceil(100 / self.percent)

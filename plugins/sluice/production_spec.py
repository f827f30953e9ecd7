"""The endpoint that serves, as a spec describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sluice.deployment_spec import DeploymentSpec
from sluice.limits import Limit, check
from sluice.service_limits import INSTANCE_TYPE, NAME, NAME_MAX


@dataclass(frozen=True, kw_only=True)
class ProductionSpec:
    """The endpoint that serves."""

    endpoint: Annotated[str, Limit("Name of the production endpoint.", pattern=NAME, max_length=NAME_MAX)]
    instance_type: Annotated[
        str | None, Limit("Instance type; staging's when left out, which is what was measured.", pattern=INSTANCE_TYPE)
    ] = None
    instances: Annotated[int, Limit("Number of instances.", minimum=1)] = 1
    deployment: Annotated[
        DeploymentSpec | None, Limit("How an update goes; all at once and without alarms when left out.")
    ] = None

    def __post_init__(self) -> None:
        check(self)

"""The endpoint that serves, as a spec describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated

from sluice.errors import SpecError
from sluice.fields.limits import Limit, check
from sluice.specs.deployment import DeploymentSpec
from sluice.specs.service_limits import INSTANCE_TYPE, NAME, NAME_MAX

CHEAPEST_PASSING = "cheapest_passing"


@dataclass(frozen=True, kw_only=True)
class FleetChoice:
    """The instances that a run has chosen for production, or found there, and the variables chosen with them."""

    instance_type: str
    instances: int
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to every container, or put in the place of its own; empty when the containers stay as they are."""


@dataclass(frozen=True, kw_only=True)
class AutoscalingSpec:
    """The traffic that production has to carry; the recommendation job says what instances that takes."""

    min_per_minute: Annotated[int, Limit("Requests a minute in the quietest hours.", minimum=0)]
    max_per_minute: Annotated[int, Limit("Requests a minute in the busiest hours.", minimum=1)]
    target_cpu_percent: Annotated[
        int, Limit("How busy each CPU may be before instances are added, in per cent.", minimum=1, maximum=100)
    ] = 50

    def __post_init__(self) -> None:
        check(self)
        if self.max_per_minute < self.min_per_minute:
            raise SpecError("max_per_minute", f"must be at least min_per_minute, which is {self.min_per_minute}")


@dataclass(frozen=True, kw_only=True)
class ProductionSpec:
    """The endpoint that serves."""

    endpoint: Annotated[str, Limit("Name of the production endpoint.", pattern=NAME, max_length=NAME_MAX)]
    instance: Annotated[
        str | None,
        Limit(
            "Let each run choose: the cheapest of the job's recommendations that passes the gate.",
            choices=(CHEAPEST_PASSING,),
        ),
    ] = None
    instance_type: Annotated[
        str | None, Limit("Instance type; staging's when left out, which is what was measured.", pattern=INSTANCE_TYPE)
    ] = None
    instances: Annotated[int, Limit("Number of instances.", minimum=1)] = 1
    deployment: Annotated[
        DeploymentSpec | None, Limit("How an update goes; all at once and without alarms when left out.")
    ] = None
    autoscaling: Annotated[
        AutoscalingSpec | None, Limit("Let Application Auto Scaling add and remove instances; none when left out.")
    ] = None

    def __post_init__(self) -> None:
        check(self)
        if self.instance is not None and (self.instance_type is not None or self.instances != 1):
            raise SpecError("instance", "chooses type and number: take instance_type and instances out, or instance")

    @property
    def is_chosen(self) -> bool:
        """Whether each run chooses the fleet."""
        return self.instance is not None

    def on(self, fleet: FleetChoice) -> ProductionSpec:
        """The same on a fleet that was chosen."""
        kept = {each.name: getattr(self, each.name) for each in fields(self)}
        of_run = {"instance": None, "instance_type": fleet.instance_type, "instances": fleet.instances}
        return _OnChosenFleet(**{**kept, **of_run})


class _OnChosenFleet(ProductionSpec):
    """What a run has made of a spec that lets it choose, so what such a spec may say is right here too."""

    @property
    def is_chosen(self) -> bool:
        """It was."""
        return True

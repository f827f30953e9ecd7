"""What an endpoint runs, resolved and frozen at the moment CreateEndpoint or UpdateEndpoint was accepted.

Configs and models may be deleted while an endpoint still uses them, so an endpoint carries its own copy.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pipeline: `name` is its ContainerHostname, or container-N by position."""

    name: str
    image: str
    model_data_url: str | None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VariantPlan:
    """One production variant: how many instances of which type run which chain of containers."""

    name: str
    model_name: str
    instance_type: str
    instance_count: int
    weight: float
    containers: tuple[Container, ...]
    startup_timeout_s: float | None = None  # how long /ping may take to answer; None means the server's default
    direct: bool = False  # InferenceExecutionConfig Mode Direct: a request is for one container, which it names


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where the containers of a fleet that is no endpoint's log. Stream names begin as an endpoint's do."""

    group: str
    instance_suffix: str = ""  # follows the instance's id in the names of its streams


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything the supervisor needs to start an endpoint's fleet, under the name of its EndpointConfig."""

    config_name: str
    variants: tuple[VariantPlan, ...]
    logs: LogPlace | None = None  # None: the endpoint's log group. Not kept in the store: endpoints have none

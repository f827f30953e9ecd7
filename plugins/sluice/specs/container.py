"""One container of a pipeline as the user describes it, and what all of them must agree on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

from sluice.errors import SpecError
from sluice.fields.limits import Limit, check
from sluice.specs.candidate import CandidateSpec
from sluice.specs.service_limits import (
    ARTIFACT_URI,
    ENVIRONMENT_KEY,
    ENVIRONMENT_MAX,
    ENVIRONMENT_TEXT_MAX,
    FRAMEWORK_VERSION,
    FRAMEWORKS,
    NAME,
    NAME_MAX,
    URL_MAX,
)


@dataclass(frozen=True, kw_only=True)
class ContainerSpec:
    """One container of the pipeline."""

    image: Annotated[str, Limit("Image in a registry.", pattern=r"\S+", max_length=255)]
    hostname: Annotated[
        str | None,
        Limit("Name of the container; all containers have one, or none has.", pattern=NAME, max_length=NAME_MAX),
    ] = None
    model_data: Annotated[
        str | None, Limit("Model artifact: an s3:// URI ending in .tar.gz.", pattern=ARTIFACT_URI, max_length=URL_MAX)
    ] = None
    environment: Annotated[Mapping[str, str], Limit("Environment variables of the container.")] = field(
        default_factory=dict
    )
    framework: Annotated[
        str | None, Limit("Framework of this container; the package's when left out.", choices=FRAMEWORKS)
    ] = None
    framework_version: Annotated[str | None, Limit("Version of that framework.", pattern=FRAMEWORK_VERSION)] = None

    def __post_init__(self) -> None:
        check(self)
        if len(self.environment) > ENVIRONMENT_MAX:
            raise SpecError(
                "environment", f"may have at most {ENVIRONMENT_MAX} variables, and has {len(self.environment)}"
            )
        for name, value in self.environment.items():
            _check_variable(name, value)
        if self.framework_version and not self.framework:
            raise SpecError(
                "framework_version", "needs a framework beside it, since the package's version is not this container's"
            )


def _check_variable(name: str, value: str) -> None:
    path = f"environment.{name}"
    if not isinstance(value, str):  # trigger parameters come from JSON, which knows more than text
        raise SpecError(path, f"must be text, not {value!r}; write it in quotes")
    if not re.fullmatch(ENVIRONMENT_KEY, name):
        raise SpecError(path, "is no variable name: letters, digits and underscore, and no digit first")
    if len(name) > ENVIRONMENT_TEXT_MAX or len(value) > ENVIRONMENT_TEXT_MAX:
        raise SpecError(path, f"name and value may have at most {ENVIRONMENT_TEXT_MAX} characters each")


def overridden(container: ContainerSpec, asked: CandidateSpec) -> ContainerSpec:
    """The container with another artifact, other variables and another image, where they are asked for."""
    hostname = container.hostname
    if hostname is None:
        return container
    variables = asked.environment.get(hostname, {})
    try:
        for name, value in variables.items():
            _check_variable(name, value)
        return replace(
            container,
            image=asked.image.get(hostname, container.image),
            model_data=asked.model_data.get(hostname, container.model_data),
            environment={**container.environment, **variables},
        )
    except SpecError as error:
        parameter, _, rest = error.path.partition(".")
        path = f"params.{parameter}.{hostname}" + (f".{rest}" if rest else "")
        raise SpecError(path, error.problem) from None


def with_variables(container: ContainerSpec, variables: Mapping[str, str]) -> ContainerSpec:
    """The container with variables added or replaced."""
    return replace(container, environment={**container.environment, **variables})


def check_hostnames(containers: tuple[ContainerSpec, ...]) -> None:
    """SpecError when only some containers have a hostname, or two have the same."""
    named = [container.hostname for container in containers]
    if any(named) and not all(named):
        position = named.index(None)
        raise SpecError(f"containers[{position}].hostname", "is missing: all containers have a hostname, or none has")
    for position, hostname in enumerate(named):
        if hostname and hostname in named[:position]:
            first = named.index(hostname)
            raise SpecError(
                f"containers[{position}].hostname", f"{hostname!r} is the hostname of containers[{first}] already"
            )

"""The part of a spec about the registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sluice.fields.limits import Limit, check
from sluice.specs.service_limits import (
    ARTIFACT_URI,
    DOMAINS,
    FRAMEWORK_VERSION,
    FRAMEWORKS,
    NAME,
    NAME_MAX,
    TASKS,
    URL_MAX,
)


@dataclass(frozen=True, kw_only=True)
class PackageSpec:
    """How the pipeline is registered. Domain, task, framework and payload are what a recommendation job asks for."""

    group: Annotated[str, Limit("Model package group that holds the versions.", pattern=NAME, max_length=NAME_MAX)]
    domain: Annotated[str, Limit("Machine learning domain.", choices=DOMAINS)]
    task: Annotated[str, Limit("Machine learning task.", choices=TASKS)]
    framework: Annotated[str, Limit("Framework of the containers that name none themselves.", choices=FRAMEWORKS)]
    framework_version: Annotated[
        str | None, Limit("Version of that framework, such as 1.4-2.", pattern=FRAMEWORK_VERSION)
    ] = None
    sample_payload: Annotated[
        str,
        Limit(
            "Archive whose files are the load test's requests: an s3:// URI ending in .tar.gz.",
            pattern=ARTIFACT_URI,
            max_length=URL_MAX,
        ),
    ]
    content_types: Annotated[
        tuple[str, ...],
        Limit(
            "MIME types of requests; a recommendation job sends the first one.",
            pattern=r"\S+/\S+",
            max_length=256,
            min_items=1,
        ),
    ]
    response_types: Annotated[
        tuple[str, ...], Limit("MIME types of answers.", pattern=r"[-\w]+/.+", max_length=1024, min_items=1)
    ]

    def __post_init__(self) -> None:
        check(self)

"""How many requests at once, how large and of how many records: what the job says, then the container, then AWS.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from include.sagemaker_local.errors import LocalSageMakerError
from include.sagemaker_local.jobs.transform_request import Tuning

# The defaults that the API reference names, and what a job's log shows when nobody has said anything.
_DEFAULT_PAYLOAD_MB = 6
_DEFAULT_CONCURRENT = 1
MAX_MB = 100  # of one request, and of all requests that an instance gets at a time (API reference)
_MEBIBYTE = 1024 * 1024
_STRATEGIES = {"SINGLE_RECORD": True, "MULTI_RECORD": False}


class BadTuning(LocalSageMakerError):
    """What the job and its container say together is more than the service allows."""


@dataclass(frozen=True, slots=True)
class Requests:
    """The settled values. `max_payload_mb` 0 means that there is no limit."""

    max_concurrent: int
    max_payload_mb: int
    single_record: bool

    @property
    def max_bytes(self) -> int | None:
        """The most that one request may hold, None for no limit."""
        return self.max_payload_mb * _MEBIBYTE or None

    def __str__(self) -> str:
        strategy = "SINGLE_RECORD" if self.single_record else "MULTI_RECORD"
        return (
            f"MaxConcurrentTransforms={self.max_concurrent}, MaxPayloadInMB={self.max_payload_mb}, "
            f"BatchStrategy={strategy}"
        )


def settle(asked: Tuning, container: Tuning) -> Requests:
    """The job's own values first, then the container's, then the defaults. Raises BadTuning when they pass a limit.

    Only what the job asks for can pass one. AWS's own containers name as many requests as there are CPUs, at 6 MB each,
    which is too much from 17 CPUs on; such a wish is met as far as it goes.
    """
    payload_mb = _first(asked.max_payload_mb, _at_most(MAX_MB, container.max_payload_mb), _DEFAULT_PAYLOAD_MB)
    fitting = MAX_MB // payload_mb if payload_mb else None
    concurrent = _first(asked.max_concurrent, _at_most(fitting, container.max_concurrent), _DEFAULT_CONCURRENT)
    if concurrent * payload_mb > MAX_MB:
        raise BadTuning(
            f"{concurrent} requests at a time of {payload_mb} MB each are more than the {MAX_MB} MB that are allowed; "
            "set MaxConcurrentTransforms or MaxPayloadInMB lower"
        )
    single = container.single_record if asked.single_record is None else asked.single_record
    return Requests(concurrent, payload_mb, bool(single))


def batch_environment(asked: Tuning) -> dict[str, str]:
    """What the containers of a transform job get to see of it; of the three values only those that the user has set."""
    environment = {"SAGEMAKER_BATCH": "true"}
    if asked.max_payload_mb is not None:
        environment["SAGEMAKER_MAX_PAYLOAD_IN_MB"] = str(asked.max_payload_mb)
    if asked.single_record is not None:
        environment["SAGEMAKER_BATCH_STRATEGY"] = "SINGLE_RECORD" if asked.single_record else "MULTI_RECORD"
    if asked.max_concurrent is not None:
        environment["SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"] = str(asked.max_concurrent)
    return environment


def read_execution_parameters(body: bytes) -> Tuning:
    """The answer of a container's /execution-parameters. Members that are missing or make no sense say nothing."""
    try:
        given: Any = json.loads(body)
    except ValueError:
        return Tuning()
    if not isinstance(given, dict):
        return Tuning()
    return Tuning(
        max_concurrent=_whole(given.get("MaxConcurrentTransforms"), least=1),
        max_payload_mb=_whole(given.get("MaxPayloadInMB"), least=0),
        single_record=_STRATEGIES.get(str(given.get("BatchStrategy"))),
    )


def _whole(value: object, *, least: int) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= least else None


def _at_most(limit: int | None, value: int | None) -> int | None:
    return value if value is None or limit is None else min(value, limit)


def _first(*values: int | None) -> int:
    return next(value for value in values if value is not None)

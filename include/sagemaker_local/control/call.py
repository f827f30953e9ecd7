"""What an operation is given: one request, and everything it may touch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from include.sagemaker_local.alarms import AlarmReader
from include.sagemaker_local.autoscaling import Autoscaler
from include.sagemaker_local.clock import Clock
from include.sagemaker_local.objects import ObjectLister
from include.sagemaker_local.store import Store
from include.sagemaker_local.wire.arns import Home
from include.sagemaker_local.wire.members import Members


@dataclass(frozen=True, slots=True)
class Services:
    """What the operations work with. The two wake functions tell of a change that somebody has to act on."""

    store: Store
    objects: ObjectLister
    clock: Clock
    account_id: str
    wake_endpoints: Callable[[], None]
    wake_jobs: Callable[[], None]
    alarms: AlarmReader
    autoscaler: Autoscaler
    max_instances: int  # of one type, of all endpoints in a region


@dataclass(frozen=True, slots=True)
class Call:
    """One validated request for one region."""

    services: Services
    region: str
    request: Members

    @property
    def store(self) -> Store:
        """Where the resources are kept."""
        return self.services.store

    @property
    def home(self) -> Home:
        """The region and account in which the request's names are meant."""
        return Home(self.region, self.services.account_id)

    def now_s(self) -> float:
        """The time to write into a record, seconds since the epoch."""
        return self.services.clock.now_s()


Answer: TypeAlias = Mapping[str, Any] | None
"""An operation's answer in the API's form; None when the operation has no output."""

Operation: TypeAlias = Callable[[Call], Awaitable[Answer]]
"""Raises ApiError when it refuses. What follows its last await happens in one step of the event loop."""

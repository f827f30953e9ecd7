"""What recommendation jobs work with."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.jobs.client_metrics import ClientMetrics
from include.sagemaker_local.jobs.cores_apart import Cores
from include.sagemaker_local.jobs.fleets import Fleets
from include.sagemaker_local.jobs.host import Host
from include.sagemaker_local.jobs.journal import Journal
from include.sagemaker_local.jobs.meter import Meter
from include.sagemaker_local.jobs.other_traffic import Traffic
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.stage import StageResult
from include.sagemaker_local.objects import ObjectStore
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.store.store import Store
from include.sagemaker_local.supervisor.logs import LogSink


class Drive(Protocol):
    """Runs a load plan; `load.process.drive` in earnest."""

    def __call__(
        self, plan: LoadPlan, on_progress: Callable[[Progress], None] | None = None
    ) -> AsyncGenerator[StageResult, None]:
        """The stages as they end, and each second what it was like. The load ends with the generator."""


@dataclass(frozen=True, slots=True)
class Watchers:
    """What looks at a load test, and what tells users of it."""

    meter: Meter
    traffic: Traffic
    metrics: ClientMetrics
    sink: LogSink
    cores: Cores

    def journal(self, region: str, job_name: str) -> Journal:
        """The job's log streams."""
        return Journal(self.sink, region, job_name)


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything outside of a job that it needs. `gateway_port` is where its load goes."""

    store: Store
    fleets: Fleets
    objects: ObjectStore
    settings: Settings
    clock: Clock
    gateway_port: Callable[[], int]
    host: Host
    drive: Drive
    watchers: Watchers

"""A supervisor on a real store, fake containers, alarms in a dict and a clock for deployments that the test moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.deployment import Container, Deployment, VariantPlan
from include.sagemaker_local.faults import FaultTable
from include.sagemaker_local.lifecycle import EndpointEvent, EndpointStatus
from include.sagemaker_local.routes import Route, RouteTable
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.store.records import EndpointRecord
from include.sagemaker_local.store.store import Store
from include.sagemaker_local.supervisor import DeploymentFaults, Fleets, Rollout, Supervisor
from include.sagemaker_local.supervisor.tempo import Tempo
from include.sagemaker_local.traffic import Traffic
from tests.fakes.alarms import DictAlarms
from tests.fakes.log_sink import RememberedLogs
from tests.fakes.pace import ManualPace
from tests.fakes.runtime import FakeRuntime
from tests.fakes.waiting import until

REGION = "eu-west-1"
QUICK = Tempo(
    ping_interval_s=0.001,
    settle_s=0.05,
    watch_interval_s=0.001,
    restart_delay_s=0.001,
    max_restart_delay_s=0.004,
    log_interval_s=0.005,
)


def plan(config: str, *names: str, instances: int = 1, variants: tuple[str, ...] = ("AllTraffic",)) -> Deployment:
    containers = tuple(Container(name, "image", f"s3://models/{name}.tar.gz") for name in names)
    return Deployment(
        config, tuple(VariantPlan(name, "model", "ml.c5.large", instances, 1.0, containers) for name in variants)
    )


@dataclass
class Stage:
    data_dir: Path
    runtime: FakeRuntime = field(default_factory=FakeRuntime)
    logs: RememberedLogs = field(default_factory=RememberedLogs)
    routes: RouteTable = field(default_factory=RouteTable)
    alarms: DictAlarms = field(default_factory=DictAlarms)
    pace: ManualPace = field(default_factory=ManualPace)
    startup_timeout_s: float = 5.0
    faults: FaultTable = field(default_factory=FaultTable)

    def __post_init__(self) -> None:
        settings = Settings(data_dir=self.data_dir, startup_timeout_s=self.startup_timeout_s, invoke_timeout_s=5.0)
        self.traffic = Traffic()
        self.store = Store(self.data_dir / "store.sqlite3", SystemClock())
        faults = DeploymentFaults(self.faults, self.pace)
        self.fleets = Fleets(self.runtime, self.runtime, self.logs, self.routes, self.traffic, settings, QUICK, faults)
        rollout = Rollout(self.fleets, self.store, self.alarms, self.pace, QUICK)
        self.supervisor = Supervisor(self.store, self.fleets, rollout, settings, faults=faults)

    def create(self, name: str, deployment: Deployment, status: EndpointStatus = EndpointStatus.CREATING) -> None:
        live = None if status is EndpointStatus.CREATING else deployment
        wanted = deployment if status is EndpointStatus.CREATING else None
        arn = f"arn:aws:sagemaker:{REGION}:123456789012:endpoint/{name}"
        self.store.add_endpoint(EndpointRecord(REGION, name, arn, status, live, wanted, None, 1.0, 1.0))
        self.supervisor.wake()

    def update(self, name: str, deployment: Deployment, config: Mapping[str, Any] | None = None) -> None:
        self.store.move_endpoint(
            REGION,
            name,
            EndpointEvent.UPDATE,
            wanted=deployment,
            failure_reason=None,
            deployment_config=config,
            in_place=False,
        )
        self.supervisor.wake()

    def resize(self, name: str, deployment: Deployment) -> None:
        self.store.move_endpoint(REGION, name, EndpointEvent.UPDATE, wanted=deployment, in_place=True)
        self.supervisor.wake()

    def delete(self, name: str) -> None:
        self.store.move_endpoint(REGION, name, EndpointEvent.DELETE)
        self.supervisor.wake()

    def endpoint(self, name: str = "e") -> EndpointRecord:
        record = self.store.endpoint(REGION, name)
        assert record is not None
        return record

    async def rest(self, status: EndpointStatus, name: str = "e") -> EndpointRecord:
        await until(lambda: self.endpoint(name).status is status, f"{name} is {status}")
        return self.endpoint(name)

    def route(self, name: str = "e") -> Route:
        route = self.routes.get(REGION, name)
        assert route is not None
        return route

    def invoke(self, instance: int = 0, variant: int = -1, name: str = "e") -> str:
        """A request is under way from now on, until `answer` gets what this returns."""
        instance_id = self.route(name).variants[variant].instances[instance].instance_id
        self.traffic.enter(instance_id)
        return instance_id

    def answer(self, request: str) -> None:
        self.traffic.leave(request)

    async def close(self) -> None:
        await self.supervisor.close(0)
        self.store.close()

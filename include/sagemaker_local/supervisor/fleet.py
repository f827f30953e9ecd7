"""A fleet: the containers of all instances of all variants of one deployment."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from include.sagemaker_local.deployment import Container, Deployment, LogPlace, VariantPlan
from include.sagemaker_local.instance_types import lookup
from include.sagemaker_local.routes import Hop, Instance, VariantRoute
from include.sagemaker_local.runtime.contract import (
    ContainerRuntime,
    InstanceLimits,
    Placement,
    RunningContainer,
)
from include.sagemaker_local.supervisor.logs import ContainerLog, LogSink, container_stream, endpoint_group

_log = logging.getLogger(__name__)


class Member:
    """One container of a fleet: its plan, its place, and the process that runs it at present."""

    def __init__(self, plan: VariantPlan, container: Container, placement: Placement, log: ContainerLog) -> None:
        self.variant = plan.name
        self.startup_timeout_s = plan.startup_timeout_s
        self.container = container
        self.placement = placement
        self.log = log
        self.running: RunningContainer | None = None
        self._stopped: RunningContainer | None = None

    @property
    def process(self) -> RunningContainer:
        """What was started. Asking before that is a fault of ours."""
        if self.running is None:
            raise RuntimeError(f"container {self.container.name!r} was not started")
        return self.running

    async def start(self, runtime: ContainerRuntime) -> RunningContainer:
        """Starts the container in a directory of its own. Raises what the runtime raises; never loses a process."""
        await asyncio.to_thread(_fresh_directory, self.placement.directory)
        await runtime.prepare(self.container, self.placement)
        starting = asyncio.ensure_future(runtime.start(self.container, self.placement))
        starting.add_done_callback(self._started)
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            # Nobody else would know the process: wait for it, so that `stop` finds it.
            await asyncio.wait({starting})
            raise
        return self.process

    def _started(self, starting: asyncio.Future[RunningContainer]) -> None:
        """The runtime is done: whatever happens to the task that waits for it, its process is known from now on."""
        if not starting.cancelled() and starting.exception() is None:
            self.running = starting.result()

    async def stop(self, grace_s: float) -> None:
        """Stops the process, if there is one, and ships its last lines."""
        running = self.running
        try:
            # Twice would be once too often: the system may have given the process's number to somebody else.
            if running is not None and running is not self._stopped:
                self._stopped = running
                await running.stop(grace_s)
        finally:
            await asyncio.to_thread(self.log.ship, final=True)


@dataclass(frozen=True, slots=True)
class InstanceMembers:
    """The chain of containers on one instance, in order."""

    instance_id: str
    directory: Path
    chain: tuple[Member, ...]

    async def stop(self, grace_s: float) -> None:
        """Stops every container, ships the rest of the logs and removes the files. Does not raise."""
        for outcome in await asyncio.gather(*(member.stop(grace_s) for member in self.chain), return_exceptions=True):
            if isinstance(outcome, BaseException):
                _log.error("a container of instance %s did not stop: %r", self.instance_id, outcome)
        await asyncio.to_thread(shutil.rmtree, self.directory, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class VariantMembers:
    """The instances of one variant."""

    plan: VariantPlan
    instances: tuple[InstanceMembers, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """All containers that serve one deployment of one endpoint."""

    region: str
    endpoint_name: str
    deployment: Deployment
    variants: tuple[VariantMembers, ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """How many instances of each variant there are."""
        return tuple(len(variant.instances) for variant in self.variants)

    def instances(self) -> Iterator[InstanceMembers]:
        """Every instance, variant by variant."""
        for variant in self.variants:
            yield from variant.instances

    def members(self) -> Iterator[Member]:
        """Every container, variant by variant, instance by instance, in the order of the chain."""
        for instance in self.instances():
            yield from instance.chain

    def variant_routes(self) -> tuple[VariantRoute, ...]:
        """Where its requests go. Every member is running."""
        return tuple(
            VariantRoute(
                variant.plan.name,
                variant.plan.weight,
                tuple(
                    Instance(instance.instance_id, tuple(_hop(member) for member in instance.chain))
                    for instance in variant.instances
                ),
                variant.plan.config_name or self.deployment.config_name,
                variant.plan.direct,
            )
            for variant in self.variants
        )

    async def stop(self, grace_s: float) -> None:
        """Stops every container, ships the rest of the logs and removes the files. Does not raise."""
        await asyncio.gather(*(instance.stop(grace_s) for instance in self.instances()))


def plan_fleet(region: str, endpoint_name: str, deployment: Deployment, run_dir: Path, sink: LogSink) -> Fleet:
    """The fleet before anything of it runs. Every instance gets an id and a directory of its own below `run_dir`."""
    variants = tuple(
        VariantMembers(
            plan,
            tuple(
                _plan_instance(region, endpoint_name, plan, run_dir, sink, deployment.logs)
                for _ in range(plan.instance_count)
            ),
        )
        for plan in deployment.variants
    )
    return Fleet(region, endpoint_name, deployment, variants)


def _plan_instance(
    region: str, endpoint_name: str, plan: VariantPlan, run_dir: Path, sink: LogSink, place: LogPlace | None
) -> InstanceMembers:
    instance_id = f"i-{secrets.token_hex(9)[:17]}"  # 17 hexadecimal digits, as EC2's
    directory = run_dir / instance_id
    place = place or LogPlace(endpoint_group(endpoint_name))
    logged_as, alone = instance_id + place.instance_suffix, len(plan.containers) == 1
    chain = []
    for container in plan.containers:
        log_file = directory / f"{container.name}.log"
        stream = container_stream(plan.name, logged_as, container.name, alone=alone)
        placement = Placement(
            region=region,
            endpoint_name=endpoint_name,
            variant_name=plan.name,
            instance_id=instance_id,
            limits=_limits(plan),
            directory=directory / container.name,
            log_file=log_file,
            alone=alone,
            first_cpu=plan.first_cpu,
        )
        log = ContainerLog(sink, log_file, region=region, group=place.group, stream=stream)
        chain.append(Member(plan, container, placement, log))
    return InstanceMembers(instance_id, directory, tuple(chain))


def _limits(plan: VariantPlan) -> InstanceLimits:
    """The type's size; that of this machine when the table of types does not know it."""
    known = lookup(plan.instance_type)
    if known is not None:
        return InstanceLimits(plan.instance_type, plan.vcpus or known.vcpus, known.memory_gib)
    memory_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**3
    return InstanceLimits(plan.instance_type, os.cpu_count() or 1, memory_gib)


def _hop(member: Member) -> Hop:
    return Hop(member.container.name, member.process.host, member.process.port)


def _fresh_directory(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)

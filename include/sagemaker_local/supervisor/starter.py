"""Brings a fleet up: every container started, every container ready, or nothing left behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.errors import ArtifactError, ContainerError, LocalSageMakerError
from include.sagemaker_local.runtime.contract import ContainerRuntime
from include.sagemaker_local.supervisor.fleet import Fleet, Member, plan_fleet
from include.sagemaker_local.supervisor.health import HealthCheck
from include.sagemaker_local.supervisor.injected import DeploymentFaults
from include.sagemaker_local.supervisor.logs import LogSink
from include.sagemaker_local.supervisor.reasons import ContainerFailure, FleetFailed, Stage

_log = logging.getLogger(__name__)

# Enough to see a traceback with its cause.
LOG_TAIL_LINES = 20
_UNDECIDED = "had not answered /ping yet when the deployment was given up"


class FleetStarter:
    """Starts fleets below `run_dir`."""

    def __init__(
        self,
        runtime: ContainerRuntime,
        health: HealthCheck,
        sink: LogSink,
        run_dir: Path,
        *,
        settle_s: float,
        log_interval_s: float,
        faults: DeploymentFaults | None = None,
    ) -> None:
        self.runtime = runtime
        self.health = health
        self._sink = sink
        self._run_dir = run_dir
        self._settle_s = settle_s
        self._log_interval_s = log_interval_s
        self._faults = faults or DeploymentFaults()

    async def start(self, region: str, endpoint_name: str, deployment: Deployment) -> Fleet:
        """A fleet whose containers all answer /ping.

        Raises ArtifactError when an artifact cannot be used and FleetFailed when containers do not come up (or another
        ContainerError, when a fault was injected); their logs
        are shipped and everything that was started is stopped by then.
        """
        await self._faults.meet_start(region, endpoint_name, deployment)
        fleet = plan_fleet(region, endpoint_name, deployment, self._run_dir, self._sink)
        shipping = asyncio.create_task(ship_logs(endpoint_name, tuple(fleet.members()), self._log_interval_s))
        try:
            await self._start_all(fleet)
            await self._all_ready(fleet)
        except BaseException:
            # It never had traffic, so there is nothing to be graceful about.
            await fleet.stop(grace_s=0)
            raise
        finally:
            shipping.cancel()
        return fleet

    async def _start_all(self, fleet: Fleet) -> None:
        members = list(fleet.members())
        outcomes = await asyncio.gather(*(member.start(self.runtime) for member in members), return_exceptions=True)
        failures, broken_artifacts = [], []
        for member, outcome in zip(members, outcomes, strict=True):
            if isinstance(outcome, ArtifactError):
                broken_artifacts.append(f"container {member.container.name!r}: {outcome}")
            elif isinstance(outcome, LocalSageMakerError | OSError):
                failures.append(_start_failure(member, outcome))
            elif isinstance(outcome, BaseException):
                raise outcome
        if broken_artifacts:
            raise ArtifactError("; ".join(dict.fromkeys(broken_artifacts)))
        if failures:
            raise FleetFailed(fleet.deployment, failures)

    async def _all_ready(self, fleet: Fleet) -> None:
        """Waits for all; once one has failed, the others get `settle_s` so that only those at fault are named."""
        checks = [(member, asyncio.create_task(self._check(fleet, member))) for member in fleet.members()]
        tasks = [task for _, task in checks]
        try:
            await _first_failure(tasks)
            await asyncio.wait(tasks, timeout=self._settle_s)
            reasons = [(member, task.result() if task.done() else _UNDECIDED) for member, task in checks]
        finally:
            for task in tasks:
                task.cancel()
        failures = [_ping_failure(member, reason) for member, reason in reasons if reason is not None]
        if failures:
            raise FleetFailed(fleet.deployment, failures)

    async def _check(self, fleet: Fleet, member: Member) -> str | None:
        return self._faults.failed_ping(fleet, member) or await self.health.wait(
            member.process, member.startup_timeout_s
        )


async def _first_failure(checks: Iterable[asyncio.Task[str | None]]) -> None:
    """Returns when a check has failed, or all have passed."""
    pending = set(checks)
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        if any(task.result() is not None for task in done):
            return


async def ship_logs(endpoint_name: str, members: Sequence[Member], interval_s: float) -> None:
    """Ships what the containers write, for ever."""
    while True:
        await asyncio.sleep(interval_s)
        for member in members:
            if not member.log.has_news():
                continue
            try:
                await asyncio.to_thread(member.log.ship)
            except Exception:  # whatever the sink has, the others' lines are still wanted
                _log.exception("log lines of %s could not be shipped", endpoint_name)


def _start_failure(member: Member, error: Exception) -> ContainerFailure:
    name = member.container.name
    if isinstance(error, ContainerError):
        return ContainerFailure(member.variant, name, Stage.START, error.reason, error.log_tail)
    return ContainerFailure(member.variant, name, Stage.START, f"could not be started on this machine: {error}")


def _ping_failure(member: Member, reason: str) -> ContainerFailure:
    log_tail = member.process.log_tail(LOG_TAIL_LINES)
    return ContainerFailure(member.variant, member.container.name, Stage.PING, reason, log_tail)

"""Drives every endpoint from the state that the API left it in to the next one at rest, each on a task of its own."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Collection
from typing import Protocol, TypeVar

from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.errors import ArtifactError, ContainerError, HostError
from include.sagemaker_local.lifecycle import EndpointEvent, EndpointStatus, endpoint_allows
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.store.records import EndpointRecord
from include.sagemaker_local.supervisor.fleets import Fleets, run_directory
from include.sagemaker_local.supervisor.guard import RolledBack
from include.sagemaker_local.supervisor.injected import DeploymentFaults
from include.sagemaker_local.supervisor.reasons import MAX_REASON_CHARS, FleetFailed
from include.sagemaker_local.supervisor.rollout import Rollout
from include.sagemaker_local.supervisor.tempo import Tempo

_log = logging.getLogger(__name__)
_Written = TypeVar("_Written")

IN_PROGRESS = frozenset(
    {
        EndpointStatus.CREATING,
        EndpointStatus.UPDATING,
        EndpointStatus.SYSTEM_UPDATING,
        EndpointStatus.ROLLING_BACK,
        EndpointStatus.DELETING,
    }
)


class EndpointStore(Protocol):
    """The store, as far as the supervisor needs it."""

    def endpoint(self, region: str, name: str) -> EndpointRecord | None:
        """The endpoint, or None."""

    def endpoints(self, statuses: Collection[EndpointStatus] | None = None) -> list[EndpointRecord]:
        """The endpoints of all regions that are in one of `statuses`; all when None."""

    def move_endpoint(
        self,
        region: str,
        name: str,
        event: EndpointEvent,
        *,
        live: Deployment | None,
        wanted: Deployment | None,
        failure_reason: str | None,
    ) -> EndpointRecord:
        """Applies the event; the three values replace those of the record."""

    def remove_endpoint(self, region: str, name: str) -> None:
        """Forgets the endpoint."""


class Supervisor:
    """Makes fleets follow the store. Belongs to one event loop."""

    def __init__(
        self,
        store: EndpointStore,
        fleets: Fleets,
        rollout: Rollout,
        settings: Settings,
        tempo: Tempo | None = None,
        faults: DeploymentFaults | None = None,
    ) -> None:
        self._retry_s = (tempo or Tempo()).disk_retry_s
        self._store = store
        self._fleets = fleets
        self._rollout = rollout
        self._settings = settings
        self._faults = faults or DeploymentFaults()
        self._work: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._closed = False

    async def start(self) -> None:
        """Clears what a killed server left behind and brings every endpoint back to what it was."""
        await asyncio.to_thread(shutil.rmtree, run_directory(self._settings), ignore_errors=True)
        for record in self._store.endpoints():
            if endpoint_allows(record.status, EndpointEvent.RESTARTED):
                self._apply(record, EndpointEvent.RESTARTED, failure_reason=record.failure_reason)
        for record in self._store.endpoints({EndpointStatus.UPDATE_ROLLBACK_FAILED}):
            self._take_up(record)
        self.wake()

    def wake(self) -> None:
        """The API changed an endpoint: looks for work. Returns at once; call it on the event loop's thread."""
        if self._closed:
            return
        for record in self._store.endpoints(IN_PROGRESS):
            self._take_up(record)

    def _take_up(self, record: EndpointRecord) -> None:
        key = (record.region, record.name)
        if key not in self._work:
            self._work[key] = asyncio.create_task(self._drive(record), name=f"endpoint {record.name}")

    async def reset(self) -> None:
        """Gives up what is under way and stops every fleet; the caller empties the store."""
        await self._abandon(grace_s=0)
        self._closed = False

    async def close(self, grace_s: float) -> None:
        """As `reset`, for good."""
        await self._abandon(grace_s)

    async def _abandon(self, grace_s: float) -> None:
        self._closed = True
        tasks = list(self._work.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._fleets.close_all(grace_s)

    async def _drive(self, record: EndpointRecord) -> None:
        key = (record.region, record.name)
        try:
            await self._step(record)
        except Exception:
            # Left as it is: a restart of the server takes it up again, and the log says what happened.
            _log.exception("endpoint %s cannot be moved on from %s", record.name, record.status)
            return
        finally:
            del self._work[key]
        self.wake()

    async def _step(self, record: EndpointRecord) -> None:
        match record.status:
            case EndpointStatus.CREATING | EndpointStatus.SYSTEM_UPDATING:
                await self._bring_up(record)
            case EndpointStatus.UPDATING:
                await self._update(record)
            case EndpointStatus.ROLLING_BACK:
                await self._roll_back(record)
            case EndpointStatus.UPDATE_ROLLBACK_FAILED:
                # The server was restarted. What served then serves again, as far as it comes up; its state stays.
                await self._open(record, record.live)
            case EndpointStatus.DELETING:
                await self._fleets.close(record.region, record.name)
                await self._written(lambda: self._store.remove_endpoint(record.region, record.name))

    async def _bring_up(self, record: EndpointRecord) -> None:
        """A new endpoint, or one whose server was restarted."""
        target = record.wanted if record.status is EndpointStatus.CREATING else record.live
        failure = await self._open(record, target)
        if failure is not None:
            await self._move(record, EndpointEvent.DEPLOY_FAILED, failure_reason=failure)
            return
        reason = record.failure_reason
        await self._move(record, EndpointEvent.DEPLOYED, live=target, wanted=None, failure_reason=reason)

    async def _update(self, record: EndpointRecord) -> None:
        """The new fleet first; the old one serves until the new one has the traffic."""
        if not self._fleets.is_open(record.region, record.name):
            await self._open(record, record.live)  # the server was restarted meanwhile
        failure = await self._attempt(record, record.wanted, lambda wanted: self._deploy(record, wanted))
        if failure is None:
            await self._move(record, EndpointEvent.DEPLOYED, live=record.wanted, wanted=None, failure_reason=None)
            return
        rolling = await self._move(record, EndpointEvent.DEPLOY_FAILED, failure_reason=failure)
        await self._roll_back(rolling)

    async def _deploy(self, record: EndpointRecord, wanted: Deployment) -> None:
        if record.in_place and self._fleets.is_open(record.region, record.name):
            await self._fleets.resize(record.region, record.name, wanted)
            return
        await self._rollout.run(record, wanted)
        await self._fleets.settle(record.region, record.name)

    async def _roll_back(self, record: EndpointRecord) -> None:
        """Back to the old fleet, which normally never stopped. FailureReason stays until the next update."""
        failure = await self._attempt(record, record.live, lambda live: self._back(record, live))
        if failure is None:
            reason = record.failure_reason
            await self._move(record, EndpointEvent.ROLLED_BACK, wanted=None, failure_reason=reason)
            return
        # As on AWS the endpoint serves on with what runs, which may be a mixture of both configurations.
        serving = self._fleets.unite(record.region, record.name)
        reason = f"{record.failure_reason} The rollback failed too: {failure}"[:MAX_REASON_CHARS]
        await self._move(
            record, EndpointEvent.ROLLBACK_FAILED, live=serving or record.live, wanted=None, failure_reason=reason
        )

    async def _back(self, record: EndpointRecord, live: Deployment) -> None:
        self._faults.meet_rollback(record.region, record.name)
        await self._rollout.back(record, live)

    async def _open(self, record: EndpointRecord, deployment: Deployment | None) -> str | None:
        """None when the deployment serves, else the FailureReason."""
        return await self._attempt(
            record, deployment, lambda given: self._fleets.open(record.region, record.name, given)
        )

    async def _attempt(
        self,
        record: EndpointRecord,
        deployment: Deployment | None,
        deploy: Callable[[Deployment], Awaitable[None]],
    ) -> str | None:
        """None when `deploy` did it, else the FailureReason."""
        try:
            if deployment is None:
                raise RuntimeError(f"an endpoint in {record.status} has nothing to deploy")
            await deploy(deployment)
        except RolledBack as error:
            _log.warning("endpoint %s: %s", record.name, error)
            return str(error)[:MAX_REASON_CHARS]
        except FleetFailed as error:
            _log.warning("endpoint %s: %s", record.name, error)
            return error.failure_reason
        except (ArtifactError, ContainerError) as error:
            _log.warning("endpoint %s: %s", record.name, error)
            return str(error)[:MAX_REASON_CHARS]
        except Exception as error:
            _log.exception("endpoint %s could not be deployed", record.name)
            return f"The local SageMaker failed: {type(error).__name__}: {error}"[:MAX_REASON_CHARS]
        return None

    async def _move(
        self,
        record: EndpointRecord,
        event: EndpointEvent,
        *,
        failure_reason: str | None,
        **deployments: Deployment | None,
    ) -> EndpointRecord:
        """As `_apply`, whatever the disk says at first."""
        return await self._written(lambda: self._apply(record, event, failure_reason=failure_reason, **deployments))

    def _apply(
        self,
        record: EndpointRecord,
        event: EndpointEvent,
        *,
        failure_reason: str | None,
        **deployments: Deployment | None,
    ) -> EndpointRecord:
        """Applies the event; `live` and `wanted` stay what they are unless they are given."""
        _log.info("endpoint %s: %s while %s", record.name, event, record.status)
        return self._store.move_endpoint(
            record.region,
            record.name,
            event,
            live=deployments.get("live", record.live),
            wanted=deployments.get("wanted", record.wanted),
            failure_reason=failure_reason,
        )

    async def _written(self, write: Callable[[], _Written]) -> _Written:
        """Writes to the store, again and again while the disk refuses: what has happened to a fleet must get there."""
        while True:
            try:
                return write()
            except HostError as error:
                _log.error("%s; trying again", error)
                await asyncio.sleep(self._retry_s)

"""Injected faults of deployments: capacity that is not there, slow creation, pings and rollbacks that fail."""

from __future__ import annotations

from include.sagemaker_local.deployment import Deployment, VariantPlan
from include.sagemaker_local.errors import ContainerError
from include.sagemaker_local.faults import FaultTable, Kind
from include.sagemaker_local.supervisor.fleet import Fleet, Member
from include.sagemaker_local.supervisor.pace import Pace, ScaledPace

# AWS's words, as users have reported them.
_NO_CAPACITY = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry using a "
    "different ML instance type or after some time."
)


class InjectedFailure(ContainerError):
    """A fault that was injected: no container is to blame, and the text alone is the FailureReason."""

    def __init__(self, text: str) -> None:
        super().__init__("", text)

    def __str__(self) -> str:
        return self.reason


class DeploymentFaults:
    """What the supervisor asks before it starts instances, believes a ping, or rolls back."""

    def __init__(self, table: FaultTable | None = None, pace: Pace | None = None) -> None:
        """`pace` is the deployments' own: a slow creation takes seconds as AWS's would."""
        self._table = table or FaultTable()
        self._pace = pace or ScaledPace(1.0)

    async def meet_start(self, region: str, endpoint_name: str, deployment: Deployment) -> None:
        """Takes as long as a slow creation does. Raises InjectedFailure when there is no capacity."""
        for plan in deployment.variants:
            where = _where(region, endpoint_name, plan)
            slow = self._table.strike(Kind.SLOW_CREATION, where)
            if slow is not None:
                await self._pace.sleep(slow.seconds)
            if self._table.strike(Kind.INSUFFICIENT_CAPACITY, where) is not None:
                raise InjectedFailure(_NO_CAPACITY)

    def failed_ping(self, fleet: Fleet, member: Member) -> str | None:
        """Why the container does not pass its ping, as a clause; None when no fault says so."""
        plan = next(plan for plan in fleet.deployment.variants if plan.name == member.variant)
        where = {**_where(fleet.region, fleet.endpoint_name, plan), "container": member.container.name}
        fault = self._table.strike(Kind.FAILED_PING, where)
        return None if fault is None else f"was not asked for /ping, because of the injected {fault.id}"

    def meet_rollback(self, region: str, endpoint_name: str) -> None:
        """Raises InjectedFailure when the rollback is to fail."""
        fault = self._table.strike(Kind.FAILED_ROLLBACK, {"region": region, "endpoint": endpoint_name})
        if fault is not None:
            raise InjectedFailure(f"It was made to fail by the injected {fault.id}.")


def _where(region: str, endpoint_name: str, plan: VariantPlan) -> dict[str, str]:
    return {
        "region": region,
        "endpoint": endpoint_name,
        "variant": plan.name,
        "instance_type": plan.instance_type,
    }

"""DeploymentConfig in a request: what is allowed beyond the service model's own constraints.

The limits are AWS's (the guide on deployment guardrails); the words of the refusals could not be found and are ours.
"""

from __future__ import annotations

from include.sagemaker_local.control.call import Call
from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.guardrails import CapacitySize, Guardrails, Routing, guardrails_of, total_wait_s
from include.sagemaker_local.store.records import EndpointRecord, JsonObject
from include.sagemaker_local.wire.members import Members

_CANARY_MAX_SHARE = 0.5
_STEP_MIN_SHARE, _STEP_MAX_SHARE = 0.1, 0.5
_BATCH_MIN_SHARE, _BATCH_MAX_SHARE = 0.05, 0.5
# Which size belongs to which kind of routing.
_SIZES = {Routing.CANARY: "CanarySize", Routing.LINEAR: "LinearStepSize"}


def requested_config(request: Members, deployment: Deployment) -> JsonObject | None:
    """The request's DeploymentConfig, None without one. Raises ApiError when it contradicts itself or `deployment`."""
    config = request.structure("DeploymentConfig")
    if config is None:
        return None
    if "BlueGreenUpdatePolicy" in config and "RollingUpdatePolicy" in config:
        raise invalid("DeploymentConfig has either a BlueGreenUpdatePolicy or a RollingUpdatePolicy, not both.")
    for alarm in (config.structure("AutoRollbackConfiguration") or Members({})).structures("Alarms"):
        if alarm.text("AlarmName") is None:
            raise invalid("Every entry of AutoRollbackConfiguration.Alarms needs an AlarmName.")
    policy = config.structure("BlueGreenUpdatePolicy")
    if policy is not None:
        _refuse_misplaced_sizes(policy.structure("TrafficRoutingConfiguration") or Members({}))
    _refuse_beyond_limits(guardrails_of(config.raw), deployment)
    return dict(config.raw)


def retained_config(record: EndpointRecord, deployment: Deployment) -> JsonObject | None:
    """The endpoint's last DeploymentConfig, None without one. Raises ApiError when `deployment` is too small for it."""
    if record.deployment_config is not None:
        _refuse_beyond_limits(guardrails_of(record.deployment_config), deployment)
    return record.deployment_config


def refuse_missing_alarms(call: Call, config: JsonObject | None) -> None:
    """Raises ApiError for an alarm that CloudWatch does not have: nothing would ever trip it."""
    names = guardrails_of(config).alarms
    missing = [name for name in names if name not in call.services.alarms.states(call.region, names)]
    if missing:
        listed = ", ".join(f'"{name}"' for name in missing)
        raise invalid(f"Could not find the CloudWatch alarm(s) {listed} of AutoRollbackConfiguration.")


def _refuse_misplaced_sizes(routing: Members) -> None:
    kind = Routing(routing.required("Type"))
    for owner, member in _SIZES.items():
        if kind is owner and member not in routing:
            raise invalid(f"TrafficRoutingConfiguration of Type {kind} needs {member}.")
        if kind is not owner and member in routing:
            raise invalid(f"{member} belongs to Type {owner}, not to Type {kind}.")


def _refuse_beyond_limits(guardrails: Guardrails, deployment: Deployment) -> None:
    if guardrails.routing is Routing.ROLLING:
        _refuse_batches(guardrails, deployment)
    else:
        _refuse_steps(guardrails, sum(deployment.counts))
    limit_s, waits_s = guardrails.max_execution_s, total_wait_s(guardrails, deployment.counts)
    if limit_s is not None and limit_s <= waits_s:
        raise invalid(
            f"MaximumExecutionTimeoutInSeconds ({limit_s:g}) must be greater than all waits together, which are "
            f"{waits_s:g} seconds."
        )


def _refuse_steps(guardrails: Guardrails, instances: int) -> None:
    size = guardrails.step
    if size is None:
        return
    share, shown = _share(size, instances), _shown(size, instances)
    if guardrails.routing is Routing.CANARY and share > _CANARY_MAX_SHARE:
        raise invalid(f"CanarySize must be at most 50 % of the new fleet's capacity; it is {shown}.")
    if guardrails.routing is Routing.LINEAR and not _STEP_MIN_SHARE <= share <= _STEP_MAX_SHARE:
        raise invalid(f"LinearStepSize must be 10 to 50 % of the new fleet's capacity; it is {shown}.")


def _refuse_batches(guardrails: Guardrails, deployment: Deployment) -> None:
    """A percentage of a small variant may come to more than half of it, since a batch is at least one instance."""
    for plan in deployment.variants:
        size, count = guardrails.step, plan.instance_count
        if size is not None and not _BATCH_MIN_SHARE <= _share(size, count) <= _BATCH_MAX_SHARE:
            shown = _shown(size, count)
            raise invalid(f"MaximumBatchSize must be 5 to 50 % of variant {plan.name}'s instances; it is {shown}.")
    back = guardrails.rollback_step
    if back is not None and back.in_percent and back.value > 100:
        raise invalid(f"RollbackMaximumBatchSize must be at most 100 % of the fleet; it is {back.value} %.")


def _share(size: CapacitySize, instances: int) -> float:
    return size.value / (100 if size.in_percent else instances)


def _shown(size: CapacitySize, instances: int) -> str:
    return f"{size.value} %" if size.in_percent else f"{size.value} of {instances} instance(s)"

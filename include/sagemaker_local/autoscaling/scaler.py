"""Acts on scaling policies: after each publication of metrics it changes capacities as the alarms ask for.

A change goes the way of UpdateEndpointWeightsAndCapacities: the wanted counts are written down, and the supervisor
starts or drains instances until they are so. Meanwhile the endpoint is Updating and nothing is scaled, as on AWS.
What the quota of instances does not allow is an activity that has failed; the next interval tries again.
"""

from __future__ import annotations

import itertools
import logging
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from include.sagemaker_local import instance_quota
from include.sagemaker_local.autoscaling.activities import (
    FAILED,
    IN_PROGRESS,
    SUCCESSFUL,
    alarm_cause,
    begun_message,
    ended,
    last_change,
    limit_cause,
    quota_message,
)
from include.sagemaker_local.autoscaling.alarm_keeper import AlarmKeeper
from include.sagemaker_local.autoscaling.decision import Bounds, basis, decide
from include.sagemaker_local.autoscaling.policies import PolicyType
from include.sagemaker_local.autoscaling.proposals import Moment, Proposals, alarms_of, tracked_by
from include.sagemaker_local.autoscaling.readings import Datapoints, Readings
from include.sagemaker_local.autoscaling.scaling_store import ScalingStore
from include.sagemaker_local.clock import Clock
from include.sagemaker_local.deployment import Deployment
from include.sagemaker_local.lifecycle import EndpointEvent, EndpointStatus
from include.sagemaker_local.metrics.names import idle_datum
from include.sagemaker_local.store.records import (
    EndpointRecord,
    ScalableTargetRecord,
    ScalingActivityRecord,
    ScalingPolicyRecord,
)

_log = logging.getLogger(__name__)
_Record = TypeVar("_Record", ScalingPolicyRecord, ScalingActivityRecord)

# While an endpoint is in one of these, somebody could ask it, so that no requests mean no load.
_SERVING = frozenset({EndpointStatus.IN_SERVICE, EndpointStatus.UPDATING})


@dataclass(frozen=True, slots=True)
class ScalingRules:
    """How long an interval of the metrics is, what part of the policies' waits is waited, and the quota of a type."""

    interval_s: float
    time_scale: float
    max_instances: int


@dataclass(frozen=True, slots=True)
class _Change:
    target: ScalableTargetRecord
    capacity: int
    cause: str
    cooldown_s: float


class Autoscaler:
    """Application Auto Scaling's doing. Belongs to the event loop of the store."""

    def __init__(
        self,
        store: ScalingStore,
        series: Datapoints,
        alarms: AlarmKeeper,
        clock: Clock,
        wake: Callable[[], None],
        rules: ScalingRules,
    ) -> None:
        self._store = store
        self._series = series
        self._alarms = alarms
        self._clock = clock
        self._wake = wake
        self._rules = rules
        readings = Readings(series, interval_s=rules.interval_s, time_scale=rules.time_scale)
        self._proposals = Proposals(readings, alarms)

    def refresh(self) -> None:
        """CloudWatch has the alarms of the policies that are stored, and of no others."""
        self._alarms.keep([alarm for policy in self._store.scaling_policies() for alarm in alarms_of(policy)])

    def alarm_names(self, policy: ScalingPolicyRecord) -> list[str]:
        """The alarms that a policy has: its own, or those of the user that have it as an action."""
        if policy.type == PolicyType.TRACKING:
            return [alarm.rule.name for alarm in alarms_of(policy)]
        return self._alarms.naming(policy.region, policy.arn)

    def enforce_limits(self, region: str, endpoint_name: str) -> None:
        """Brings an endpoint's capacities within the limits that were just registered.

        AWS does this at registration and never later.
        """
        endpoint = self._store.endpoint(region, endpoint_name)
        if endpoint is None or endpoint.status is not EndpointStatus.IN_SERVICE:
            return
        changes = []
        for target in self._store.scalable_targets_of(region, endpoint_name):
            capacity = _capacity(endpoint, target)
            if capacity is not None and (allowed := _bounds(target).within(capacity)) != capacity:
                changes.append(_Change(target, allowed, limit_cause(capacity, allowed), 0.0))
        self._carry_out(endpoint, changes)

    def settle(self) -> None:
        """Writes down how the changes under way have ended."""
        for activity in self._store.scaling_activities(IN_PROGRESS):
            endpoint = self._store.endpoint(activity.region, activity.endpoint_name)
            now = ended(activity, endpoint, self._clock.now_s())
            if now != activity:
                self._store.put_scaling_activity(now)

    def published(self, began_s: float) -> None:
        """The metrics of the interval that began then are there: evaluates every policy and acts."""
        targets = self._store.scalable_targets()
        if not targets:
            return
        self.settle()
        self.refresh()
        policies = _by_variant(self._store.scaling_policies())
        done = _by_variant(self._store.scaling_activities(SUCCESSFUL))
        for (region, name), group in itertools.groupby(targets, key=lambda one: (one.region, one.endpoint_name)):
            endpoint, scaled = self._store.endpoint(region, name), list(group)
            if endpoint is not None and _counts_invocations(endpoint):
                self._publish_idle(scaled, began_s)
            if endpoint is not None and endpoint.status is EndpointStatus.IN_SERVICE:
                asked = [
                    self._asked(endpoint, target, policies[_key(target)], done[_key(target)], began_s)
                    for target in scaled
                ]
                self._carry_out(endpoint, [change for change in asked if change is not None])

    def _asked(
        self,
        endpoint: EndpointRecord,
        target: ScalableTargetRecord,
        policies: Sequence[ScalingPolicyRecord],
        done: Sequence[ScalingActivityRecord],
        began_s: float,
    ) -> _Change | None:
        """What the target's policies want changed now."""
        capacity = _capacity(endpoint, target)
        if capacity is None:
            return None
        now_s = self._clock.now_s()
        last = last_change(target, done, self._rules.time_scale)
        moment = Moment(began_s + self._rules.interval_s, capacity, basis(capacity, last, now_s))
        proposals = self._proposals.of(policies, moment)
        tracking = sum(one.type == PolicyType.TRACKING and tracked_by(one).scales_in for one in policies)
        chosen = decide(capacity, _bounds(target), proposals, last, now_s, tracking_policies=tracking)
        return None if chosen is None else _Change(target, chosen.capacity, alarm_cause(chosen), chosen.cooldown_s)

    def _carry_out(self, endpoint: EndpointRecord, changes: Sequence[_Change]) -> None:
        """Begins the changes that the quota allows, in their order; the others have failed."""
        if not changes or endpoint.live is None:
            return
        wanted = endpoint.live
        with self._store.transaction():
            for change in changes:
                more = _with_capacity(wanted, change)
                refusal = self._refusal(endpoint, wanted, more)
                self._store.put_scaling_activity(self._activity(endpoint, change, refusal))
                wanted = wanted if refusal else more
            if wanted != endpoint.live:
                self._store.move_endpoint(
                    endpoint.region,
                    endpoint.name,
                    EndpointEvent.UPDATE,
                    wanted=wanted,
                    failure_reason=None,
                    in_place=True,
                )
        self._wake()

    def _refusal(self, endpoint: EndpointRecord, before: Deployment, after: Deployment) -> str | None:
        """Why the endpoint cannot have so many instances; None when it can."""
        others = self._store.instances_by_type(endpoint.region, other_than=endpoint.name)
        own, wanted = before.instances_by_type(), after.instances_by_type()
        return instance_quota.refusal(self._rules.max_instances, others, own, wanted)

    def _activity(self, endpoint: EndpointRecord, change: _Change, refusal: str | None) -> ScalingActivityRecord:
        """What begins now or, with a refusal, has failed at once."""
        target, now_s, activity_id = change.target, self._clock.now_s(), str(uuid.uuid4())
        outcome = "begun" if refusal is None else f"refused: {refusal}"
        _log.info("autoscaling %s to %d, %s: %s", target.resource_id, change.capacity, change.cause, outcome)
        return ScalingActivityRecord(
            id=activity_id,
            region=target.region,
            endpoint_name=endpoint.name,
            variant_name=target.variant_name,
            before=_capacity(endpoint, target) or 0,
            after=change.capacity,
            cause=change.cause,
            cooldown_s=change.cooldown_s,
            status=FAILED if refusal else IN_PROGRESS,
            message=quota_message(activity_id, change.capacity, refusal) if refusal else begun_message(change.capacity),
            started_at_s=now_s,
            ended_at_s=now_s if refusal else None,
        )

    def _publish_idle(self, targets: Sequence[ScalableTargetRecord], began_s: float) -> None:
        """A variant without requests has zeros, so that it can be scaled in."""
        for target in targets:
            datum = idle_datum(target.endpoint_name, target.variant_name)
            end_s = began_s + self._rules.interval_s / 2
            if not self._series.read(target.region, datum.metric, began_s, end_s):
                self._series.publish(target.region, began_s, [datum])


def _counts_invocations(endpoint: EndpointRecord) -> bool:
    """Whether the endpoint has InvocationsPerInstance: it serves, and not asynchronously."""
    return endpoint.status in _SERVING and endpoint.live is not None and endpoint.live.asynchronous is None


def _capacity(endpoint: EndpointRecord, target: ScalableTargetRecord) -> int | None:
    """The variant's instances; None when the endpoint has no such variant any more."""
    plans = () if endpoint.live is None else endpoint.live.variants
    return next((plan.instance_count for plan in plans if plan.name == target.variant_name), None)


def _with_capacity(deployment: Deployment, change: _Change) -> Deployment:
    """The deployment with the change's number of instances."""
    name = change.target.variant_name
    counts = [change.capacity if plan.name == name else plan.instance_count for plan in deployment.variants]
    return deployment.with_counts(counts)


def _bounds(target: ScalableTargetRecord) -> Bounds:
    suspended = target.suspended
    return Bounds(
        target.min_capacity,
        target.max_capacity,
        in_suspended=suspended.get("DynamicScalingInSuspended", False),
        out_suspended=suspended.get("DynamicScalingOutSuspended", False),
    )


def _by_variant(records: Iterable[_Record]) -> defaultdict[tuple[str, str], list[_Record]]:
    """The records of each variant, in their order."""
    found: defaultdict[tuple[str, str], list[_Record]] = defaultdict(list)
    for record in records:
        found[_key(record)].append(record)
    return found


def _key(record: ScalableTargetRecord | ScalingPolicyRecord | ScalingActivityRecord) -> tuple[str, str]:
    return record.region, record.resource_id

"""deploy_endpoint: bring an endpoint onto the candidate's config, and prove that it is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.deployment_errors import DeploymentError, DeploymentFailed, DeploymentRollbackFailed, DeploymentRolledBack
from sluice.errors import MAX_LOG_LINES
from sluice.lineage import Lineage, sibling
from sluice.links import OF_ENDPOINT, keep_links
from sluice.operators.candidate import Candidate, FleetOperator
from sluice.operators.memory import recall, remember
from sluice.operators.waiting import WaitingOperator
from sluice.refusals.errors import ServiceRefused
from sluice.requests import resources as resource_requests
from sluice.requests import scaling as scaling_requests
from sluice.responses.resources import DeploymentOutcome, EndpointState, deployment_outcome
from sluice.specs.deployment import DeploymentSpec
from sluice.specs.pipeline import Stage
from sluice.waiting.remote_work import CALLS, Kind
from sluice.waiting.watch import ENDED, End

if TYPE_CHECKING:
    from airflow.sdk import Context


_ERRORS: Mapping[DeploymentOutcome, type[DeploymentError]] = {
    DeploymentOutcome.ROLLED_BACK: DeploymentRolledBack,
    DeploymentOutcome.ROLLBACK_FAILED: DeploymentRollbackFailed,
}


class DeployEndpointOperator(FleetOperator, WaitingOperator):
    """Create or update the endpoint, wait, and compare what is live with what was asked.

    AWS reports an update that it rolled back as InService, on the old config, often without a reason; here that is
    DeploymentRolledBack, with the alarms that speak against the new version. DeploymentRollbackFailed is an update that
    could not be undone, DeploymentFailed everything else that ended elsewhere. All carry the containers' last log
    lines. Production is updated as the spec's `production.deployment` says. An endpoint that is busy is waited for
    first; one that never came up (Failed) is deleted and made anew, since AWS allows nothing else. XCom:
    `{"endpoint", "endpoint_arn", "config", "status"}`.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param stage: `staging` or `production` (templated)
    :param fleet: `{"instance_type", "instances", "environment"}` of production, as an object or as JSON text; the
        spec's when None (templated)
    :param poll_s: shortest time between two looks at the endpoint, in seconds
    :param timeout_s: seconds after which a deployment that is still going on counts as failed; the waits of
        `production.deployment` come on top
    :param deferrable: False waits in the worker
    :param guarded: False updates all at once and without alarms, whatever the spec says
    """

    kind = Kind.ENDPOINT
    template_fields = aws_template_fields("pipeline", "candidate", "stage", "fleet")
    operator_extra_links = OF_ENDPOINT

    def __init__(self, *, stage: str, guarded: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stage = stage
        self.guarded = guarded

    def lineage(self, result: Mapping[str, Any]) -> Lineage:
        """See SluiceOperator."""
        arn = result["endpoint_arn"]
        return Lineage((sibling(arn, "model", self.required_candidate.names.model),), (arn,))

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        candidate = self.required_candidate
        stage = Stage(self.stage)
        keep_links(context, self, self.hook, endpoint_name=candidate.names.endpoint(stage))
        self.hook.ensure_endpoint_config(
            resource_requests.create_endpoint_config(candidate.spec, candidate.names, stage)
        )
        return self._approach(candidate, stage, context)

    def when_free(self, context: Context, event: End) -> dict[str, Any]:
        """Somebody else's deployment, or a deletion, is over: now it is this one's turn."""
        self.refuse_to_guess(event)
        candidate, stage = self.required_candidate, Stage(self.stage)
        if event["how"] != ENDED:
            names = candidate.names
            reason = f"it was busy with something else for {self.patience_s:g} s"
            raise DeploymentFailed(names.endpoint(stage), names.config(stage), None, reason)
        return self._approach(candidate, stage, context)

    def when_deployed(self, context: Context, event: End) -> dict[str, Any]:
        """This deployment is over, one way or the other."""
        self.refuse_to_guess(event)
        state = self.hook.find_endpoint(event["name"])
        if event["how"] == ENDED and state is not None and not state.ended:
            self.log.info("endpoint %s was at rest and is %s again", state.endpoint, state.status)
            return self._wait_until_deployed(state.endpoint, None, context)
        return self._prove(self.required_candidate, Stage(self.stage), state)

    def when_given_up(self, context: Context) -> dict[str, Any]:
        """See WaitingOperator."""
        candidate, stage = self.required_candidate, Stage(self.stage)
        return self._prove(candidate, stage, self.hook.find_endpoint(candidate.names.endpoint(stage)))

    def _approach(self, candidate: Candidate, stage: Stage, context: Context) -> dict[str, Any]:
        names, endpoint, wanted = candidate.names, candidate.names.endpoint(stage), candidate.names.config(stage)
        state = self.hook.find_endpoint(endpoint)
        if state is None:
            self.log.info("creating endpoint %s on config %s", endpoint, wanted)
            with _remembering(context, wanted, None):
                self.hook.create_endpoint(resource_requests.create_endpoint(names, stage))
            return self._wait_until_deployed(endpoint, None, context)
        if not state.ended:
            self.log.info("endpoint %s is %s", endpoint, state.status)
            if _is_on_its_way(state, wanted):
                return self._wait_until_deployed(endpoint, state.touched, context)
            return self._wait_until_free(endpoint, context)
        if deployment_outcome(state, wanted) is DeploymentOutcome.APPLIED:
            return _result(state)
        if self._was_asked_for(wanted, state, context):
            self.log.warning("an earlier try asked for config %s, and endpoint %s is not on it", wanted, endpoint)
            return self._prove(candidate, stage, state)
        if state.status == "Failed":
            self.log.warning("endpoint %s is Failed (%s) and is made anew", endpoint, state.failure_reason)
            self.hook.delete_endpoint(endpoint)
            return self._wait_until_free(endpoint, context)
        scaled = self._is_still_scaled(candidate, stage, state)
        self.log.info("updating endpoint %s from config %s to %s", endpoint, state.config, wanted)
        request = resource_requests.update_endpoint(names, stage, self._deployment, keeps_capacity=scaled)
        with _remembering(context, wanted, state.touched):
            self.hook.update_endpoint(request)
        return self._wait_until_deployed(endpoint, None, context)

    def _was_asked_for(self, wanted: str, state: EndpointState, context: Context) -> bool:
        """Whether an earlier try, which was killed, has brought the deployment on its way that ended like this."""
        earlier = recall(context)
        return earlier.get("config") == wanted and earlier.get("touched") != state.touched

    def _wait_until_deployed(self, endpoint: str, since: float | None, context: Context) -> dict[str, Any]:
        proved: dict[str, Any] = self.wait_for(endpoint, since, self.when_deployed, context)
        return proved

    def _wait_until_free(self, endpoint: str, context: Context) -> dict[str, Any]:
        proved: dict[str, Any] = self.wait_until_free(endpoint, self.when_free, context)
        return proved

    @property
    def patience_s(self) -> float:
        """`timeout_s` is for starting and stopping instances; the deployment's own waits come on top."""
        return super().patience_s + self._waits_s

    @property
    def expected_s(self) -> float:
        """The same, as a rule."""
        return CALLS[self.kind].expected_s + self._waits_s

    @property
    def _waits_s(self) -> float:
        return self._deployment.waits_s if self._deployment else 0

    @property
    def _deployment(self) -> DeploymentSpec | None:
        return self.spec.deployment(Stage(self.stage)) if self.guarded else None

    def _is_still_scaled(self, candidate: Candidate, stage: Stage, state: EndpointState) -> bool:
        """Whether autoscaling holds the endpoint's capacity. AWS refuses to change the instance type of one that it
        scales, so there it is deregistered; `autoscale` registers it anew.
        """
        if stage is not Stage.PRODUCTION or candidate.spec.production.autoscaling is None:
            return False
        target = scaling_requests.scalable_target(state.endpoint)
        if not self.hook.is_scaled(target):
            return False
        now = self.hook.fleet_behind(state.config) if state.config else None
        if now is not None and now.instance_type == candidate.spec.fleet(stage).instance_type:
            return True
        self.log.info("%s gets another instance type: autoscaling is taken off it meanwhile", state.endpoint)
        self.hook.deregister_scalable_target(target)
        return False

    def _prove(self, candidate: Candidate, stage: Stage, state: EndpointState | None) -> dict[str, Any]:
        endpoint, wanted = candidate.names.endpoint(stage), candidate.names.config(stage)
        if state is None:
            raise DeploymentFailed(endpoint, wanted, None, "the endpoint was deleted while it was being deployed")
        outcome = deployment_outcome(state, wanted)
        if outcome is DeploymentOutcome.APPLIED:
            return _result(state)
        reason = state.failure_reason
        if outcome is DeploymentOutcome.IN_PROGRESS:
            reason = f"it is still {state.status} after {self.patience_s:g} s"
        log_lines = self.hook.last_log_lines(endpoint, reason, MAX_LOG_LINES)
        # An endpoint that never came up names the config that it never served.
        live = None if state.status in ("Creating", "Failed") else state.config
        error = _ERRORS.get(outcome, DeploymentFailed)
        raise error(endpoint, wanted, live, reason, log_lines, self._fired_alarms())

    def _fired_alarms(self) -> tuple[str, ...]:
        """The alarms that speak against the new version now."""
        watched = self._deployment.alarms if self._deployment else ()
        return tuple(str(alarm) for alarm in self.hook.find_alarms(watched) if alarm.fired)


@contextmanager
def _remembering(context: Context, wanted: str, touched: float | None) -> Iterator[None]:
    """Keep for a later try that `wanted` is asked for of an endpoint last touched then, unless AWS refuses it."""
    remember(context, config=wanted, touched=touched)
    try:
        yield
    except ServiceRefused:
        remember(context)
        raise


def _is_on_its_way(state: EndpointState, wanted: str) -> bool:
    """Whether what the endpoint is busy with is the deployment that is wanted: a killed run's, taken up again."""
    return state.pending_config == wanted or (state.status == "Creating" and state.config == wanted)


def _result(state: EndpointState) -> dict[str, Any]:
    return {
        "endpoint": state.endpoint,
        "endpoint_arn": state.arn,
        "config": state.config,
        "status": state.status,
    }

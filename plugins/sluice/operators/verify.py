"""verify: production runs the candidate's config, and it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.deployment_errors import DeploymentFailed
from sluice.errors import ArtifactError
from sluice.links import OF_ENDPOINT, keep_links
from sluice.operators.candidate import Candidate, FleetOperator
from sluice.responses.archive import first_file
from sluice.responses.resources import SERVING
from sluice.specs.pipeline import Stage

if TYPE_CHECKING:
    from airflow.sdk import Context

ANSWER_CHARS = 2000  # of the answer in the result: XComs are kept in Airflow's database


class VerifyOperator(FleetOperator):
    """Look at production's live config once more, and send it the first file of the sample payload.

    XCom: `{"endpoint", "config", "sample", "answer"}`, with the answer as text, cut at 2,000 characters. Raises
    DeploymentFailed when production runs something else, and ServiceRefused (`ModelError`) when it does not answer.
    Each asset among the task's outlets is updated with `{"package_arn", "endpoint", "config", "run_id"}`.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param fleet: `{"instance_type", "instances", "environment"}`, as an object or as JSON text; the spec's when
        None (templated)
    :param package_arn: ARN of the version, for the outlets (templated)
    """

    template_fields = aws_template_fields("pipeline", "candidate", "fleet", "package_arn")
    operator_extra_links = OF_ENDPOINT

    def __init__(self, *, package_arn: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.package_arn = package_arn

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        candidate = self.required_candidate
        endpoint = candidate.names.production_endpoint
        keep_links(context, self, self.hook, endpoint_name=endpoint)
        self._check_live(endpoint, candidate.names.config(Stage.PRODUCTION))
        sample, body = self._sample(candidate)
        package = candidate.spec.package
        answer = self.hook.invoke(endpoint, body, package.content_types[0], package.response_types[0])
        text = answer.decode(errors="replace")[:ANSWER_CHARS]
        self.log.info("%s answered to %s: %s", endpoint, sample, text)
        config = candidate.names.production_config
        told = {"package_arn": self.package_arn, "endpoint": endpoint, "config": config, "run_id": context["run_id"]}
        for outlet in self.outlets:
            context["outlet_events"][outlet].extra.update(told)
        return {"endpoint": endpoint, "config": config, "sample": sample, "answer": text}

    def _check_live(self, endpoint: str, wanted: str) -> None:
        state = self.hook.find_endpoint(endpoint)
        if state is None:
            raise DeploymentFailed(endpoint, wanted, None, "there is no such endpoint")
        if state.config != wanted or state.status not in SERVING:
            raise DeploymentFailed(endpoint, wanted, state.config, state.failure_reason or f"it is {state.status}")

    def _sample(self, candidate: Candidate) -> tuple[str, bytes]:
        uri = candidate.spec.package.sample_payload
        stream = self.hook.open_object(uri)
        found = first_file(stream) if stream is not None else None
        if found is None:
            raise ArtifactError(uri, "the sample payload that preflight saw is gone")
        return found

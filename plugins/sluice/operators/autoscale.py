"""autoscale: let Application Auto Scaling follow the traffic that the spec expects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.links import OF_ENDPOINT, keep_links
from sluice.operators.base import from_template
from sluice.operators.candidate import PipelineOperator
from sluice.requests import scaling as scaling_requests
from sluice.specs.pipeline import Stage

if TYPE_CHECKING:
    from airflow.sdk import Context


class AutoscaleOperator(PipelineOperator):
    """Register production with Application Auto Scaling, as GetScalingConfigurationRecommendation says.

    Bounds and policies come from what the job has measured and the traffic in `production.autoscaling`; they replace
    those of the promotion before. Without that part of the spec nothing is done. XCom: `{"resource", "min_instances",
    "max_instances", "policies"}`, all None without autoscaling.

    :param pipeline: the spec, or the same as plain data (templated)
    :param job: name of the completed recommendation job (templated)
    :param recommendation: id of the job's recommendation that production runs on, as JSON text; None when it runs on
        what staging runs on (templated)
    :param measured: name of the endpoint that the job has loaded; the spec's staging endpoint when empty (templated)
    """

    template_fields = aws_template_fields("pipeline", "job", "recommendation", "measured")
    operator_extra_links = OF_ENDPOINT

    def __init__(self, *, job: str, recommendation: str | None = None, measured: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.measured = measured
        self.job = job
        self.recommendation = recommendation

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        spec, wanted = self.spec, self.spec.production.autoscaling
        if wanted is None:
            return {"resource": None, "min_instances": None, "max_instances": None, "policies": None}
        recommendation = from_template(self.recommendation)
        measured = (
            {"RecommendationId": recommendation}
            if recommendation
            else {"EndpointName": self.measured or spec.staging.endpoint}
        )
        scaling = self.hook.recommend_scaling(scaling_requests.get_scaling_recommendation(self.job, measured, wanted))
        endpoint = spec.fleet(Stage.PRODUCTION).endpoint
        keep_links(context, self, self.hook, endpoint_name=endpoint)
        target = scaling_requests.scalable_target(endpoint)
        self.hook.register_scalable_target({**target, **scaling.bounds})
        policies = scaling_requests.put_scaling_policies(endpoint, scaling)
        for policy in policies:
            self.hook.put_scaling_policy(policy)
        names = [policy["PolicyName"] for policy in policies]
        self.log.info("%s: %d to %d instances, by %s", endpoint, scaling.least, scaling.most, ", ".join(names))
        return {
            "resource": target["ResourceId"],
            "min_instances": scaling.least,
            "max_instances": scaling.most,
            "policies": names,
        }

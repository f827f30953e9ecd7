"""`rebenchmark__<pipeline>`: a twin of production's version is measured again; what was found opens a promotion."""

from __future__ import annotations

from airflow.sdk import Param

from sluice.naming import twin_endpoint
from sluice.operators.compare import CompareOperator
from sluice.operators.conclude import ConcludeOperator
from sluice.operators.create_model import CreateModelOperator
from sluice.operators.delete_endpoint import DeleteEndpointOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.find_twin import FindTwinOperator
from sluice.operators.open_promotion import OpenPromotionOperator
from sluice.operators.preflight import PreflightOperator
from sluice.operators.recommend import RecommendOperator
from sluice.plans.news import tells_failure, tells_finding
from sluice.plans.step import DagKind, Schedule, Step, as_scheduled, findings_asset, json_result, result
from sluice.specs.pipeline import PipelineSpec, Stage


def plan(spec: PipelineSpec, poll_s: float) -> tuple[Step, ...]:
    """The tasks of a measurement. Only a spec that asks for it has any. Production is looked at, and never touched."""
    if spec.rebenchmark is None:
        return ()
    found = {"package_arn": result("find_twin", "package_arn")}
    pipeline = {"pipeline": spec, "candidate": result("preflight")}
    measuring = {"measuring": json_result("find_twin", "measuring"), "writes": [spec.evidence.prefix]}
    twin = {**pipeline, "stage": Stage.STAGING.value, "poll_s": poll_s}
    return (
        Step("find_twin", FindTwinOperator, given={"pipeline": spec}),
        Step("preflight", PreflightOperator, ("find_twin",), {"pipeline": spec, **found, **measuring}),
        Step("create_model", CreateModelOperator, ("preflight",), {**pipeline, **found}),
        Step("deploy_twin", DeployEndpointOperator, ("create_model",), twin),
        Step("recommend", RecommendOperator, ("deploy_twin",), {**pipeline, **found, "poll_s": poll_s}),
        # `create_model` is a setup beside `deploy_twin`: a deployment that failed leaves an endpoint as well.
        Step(
            "delete_twin",
            DeleteEndpointOperator,
            ("recommend",),
            {"endpoint": twin_endpoint(spec), "poll_s": poll_s},
            tears_down=("create_model", "deploy_twin"),
        ),
        Step("compare", CompareOperator, ("recommend",), {**pipeline, **found, "job": result("recommend", "job")}),
        Step(
            "open_promotion",
            OpenPromotionOperator,
            ("compare",),
            {
                "pipeline": spec,
                "compared": result("compare"),
                "outlets": [findings_asset(spec)],
                **tells_finding(spec, "compare"),
            },
        ),
        Step("outcome", ConcludeOperator, ("open_promotion", "delete_twin"), tells_failure(spec), tears_down=()),
    )


def params(spec: PipelineSpec) -> dict[str, Param]:
    """Nothing to ask: the spec says it all."""
    return {}


def describe(spec: PipelineSpec) -> str:
    """The DAG's documentation in Airflow, as Markdown."""
    wanted = spec.rebenchmark
    if wanted is None:
        return ""
    return (
        f"# Measure {spec.pipeline} again\n\n"
        f"Puts a twin of the version that `{spec.production.endpoint}` serves on `{twin_endpoint(spec)}`, measures it "
        "with a recommendation job, and deletes the endpoint again. Production itself is never measured or changed.\n\n"
        f"When another instance type passes every rule and costs {wanted.min_saving_pct:g} % less, latency exceeds "
        f"that of the promotion by more than {wanted.max_drift_pct:g} %, or the gate would refuse the version today, "
        f"the asset `{findings_asset(spec).uri}` is updated, which starts `promote__{spec.pipeline.replace('-', '_')}`."
        f"\n\nThe record of each measurement is kept below `{spec.evidence.prefix}`.\n"
    )


def schedule(spec: PipelineSpec) -> Schedule:
    """That of the spec's `rebenchmark`."""
    return as_scheduled(spec.rebenchmark.schedule if spec.rebenchmark else None)


REBENCHMARK = DagKind(
    verb="rebenchmark",
    tag="rebenchmark",
    summary="Measures again what {pipeline} has in production, and opens a promotion when that is worth it",
    plan=plan,
    params=params,
    describe=describe,
    schedule=schedule,
)

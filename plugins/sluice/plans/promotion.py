"""`promote__<pipeline>`: from artifacts, or a version in the registry, through the gate to production."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, TriggerRule

from sluice.operators.approve import ApproveOperator
from sluice.operators.autoscale import AutoscaleOperator
from sluice.operators.conclude import ConcludeOperator
from sluice.operators.create_model import CreateModelOperator
from sluice.operators.delete_endpoint import DeleteEndpointOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.judge import JudgeOperator
from sluice.operators.preflight import PreflightOperator
from sluice.operators.promote import PromoteOperator
from sluice.operators.read_event import ReadEventOperator
from sluice.operators.recommend import RecommendOperator
from sluice.operators.register_package import RegisterPackageOperator
from sluice.operators.reject import RejectOperator
from sluice.operators.report import ReportOperator
from sluice.operators.verify import VerifyOperator
from sluice.plans.news import deadline, tells_failure, tells_outcome, tells_who_may_approve
from sluice.plans.step import (
    DagKind,
    Schedule,
    Step,
    as_scheduled,
    findings_asset,
    json_result,
    or_by_assets,
    param,
    production_asset,
    result,
    result_if_any,
    text_param,
    versions_asset,
)
from sluice.run_request import KEYS
from sluice.service_limits import PACKAGE_ARN
from sluice.spec import AfterGate, PipelineSpec, Stage


def plan(spec: PipelineSpec, poll_s: float) -> tuple[Step, ...]:
    """The tasks of a promotion. What goes wrong on the way to production leads to `reject`; `report` always runs."""
    pipeline = {"pipeline": spec, "candidate": result("preflight")}
    package = {"package_arn": result("register_package", "package_arn")}
    promoted = {"package_arn": result("register_tuned", "package_arn")} if spec.benchmark.variables else package
    decided_by = "approve" if spec.needs_approval else "judge"
    chosen = {"fleet": json_result(decided_by, "fleet")}
    told = {
        "registered": result_if_any(*(("register_tuned",) if spec.benchmark.variables else ()), "register_package"),
        "judged": result_if_any(*dict.fromkeys([decided_by, "judge"])),
        "is_dry_run": param("dry_run"),
    }
    asked = {"asked": result_if_any("read_event")} if spec.is_started_by_assets else {}
    whatever_happened = TriggerRule.ALL_DONE
    steps = (
        *_asked_for(spec),
        Step("register_package", RegisterPackageOperator, ("preflight",), pipeline),
        Step("create_model", CreateModelOperator, ("register_package",), {**pipeline, **package}),
        Step(
            "deploy_staging",
            DeployEndpointOperator,
            ("create_model",),
            {**pipeline, "stage": Stage.STAGING.value, "poll_s": poll_s},
        ),
        Step(
            "recommend",
            RecommendOperator,
            ("deploy_staging",),
            {**pipeline, **package, "poll_s": poll_s, "timeout_s": spec.benchmark.patience_s},
        ),
        Step(
            "judge",
            JudgeOperator,
            ("recommend",),
            {
                **pipeline,
                **package,
                "job": result("recommend", "job"),
                "is_dry_run": param("dry_run"),
                "when_open": _after_judge(spec),
                "when_closed": "reject",
                "when_dry": "report",
            },
        ),
        *_tuning(spec, pipeline),
        *_approval(spec),
        Step(
            "promote",
            PromoteOperator,
            (_before_promote(spec),),
            {
                **pipeline,
                **promoted,
                **chosen,
                **_agreed(spec),
                "reason": result(decided_by, "reason"),
                "poll_s": poll_s,
            },
        ),
        Step(
            "verify",
            VerifyOperator,
            ("promote",),
            {**pipeline, **promoted, **chosen, "outlets": [production_asset(spec)]},
        ),
        Step("reject", RejectOperator, ("judge", "verify"), {**told, **asked}, whatever_happened),
        Step(
            "report",
            ReportOperator,
            ("judge", "verify", "reject", *_last(spec)),
            {
                "pipeline": spec,
                "candidate": result_if_any("preflight"),
                **told,
                "verified": result_if_any("verify"),
                **tells_outcome(spec),
            },
            whatever_happened,
        ),
    )
    return (*steps[:-1], *_autoscaling(spec), steps[-1], *_after_gate(spec, poll_s), _outcome(spec))


def _asked_for(spec: PipelineSpec) -> tuple[Step, ...]:
    """Where asset events start runs, they may say what is promoted, as the parameters do."""
    writes = {"writes": [spec.evidence.prefix]}
    if not spec.is_started_by_assets:
        given = {"model_data": param("model_data"), "environment": param("environment"), **writes}
        version = text_param("model_package_arn")
        return (Step("preflight", PreflightOperator, given={"pipeline": spec, **given, "package_arn": version}),)
    given = {key: json_result("read_event", key) for key in ("model_data", "environment", "measuring")}
    version = result("read_event", "model_package_arn")
    return (
        Step("read_event", ReadEventOperator, given={"pipeline": spec, "request": {key: param(key) for key in KEYS}}),
        Step(
            "preflight",
            PreflightOperator,
            ("read_event",),
            {"pipeline": spec, **given, **writes, "package_arn": version},
        ),
    )


def _after_judge(spec: PipelineSpec) -> str:
    if spec.benchmark.variables:
        return "register_tuned"
    return "approve" if spec.needs_approval else "promote"


def _before_promote(spec: PipelineSpec) -> str:
    if spec.needs_approval:
        return "approve"
    return "create_tuned_model" if spec.benchmark.variables else "judge"


def _tuning(spec: PipelineSpec, pipeline: Mapping[str, Any]) -> tuple[Step, ...]:
    """Models are immutable: with the environment that the gate chose it is another version and another model.

    Where that environment is what the containers have anyway, both steps find what is there.
    """
    if not spec.benchmark.variables:
        return ()
    tuned = {**pipeline, "fleet": json_result("judge", "fleet")}
    package = {"package_arn": result("register_tuned", "package_arn")}
    return (
        Step("register_tuned", RegisterPackageOperator, ("judge",), tuned),
        Step("create_tuned_model", CreateModelOperator, ("register_tuned",), {**tuned, **package}),
    )


def _approval(spec: PipelineSpec) -> tuple[Step, ...]:
    if not spec.needs_approval:
        return ()
    before = "create_tuned_model" if spec.benchmark.variables else "judge"
    given = {"pipeline": spec, "judged": result("judge"), **tells_who_may_approve(spec, "judge")}
    return (Step("approve", ApproveOperator, (before,), given),)


def _agreed(spec: PipelineSpec) -> dict[str, str]:
    return {"percent": json_result("approve", "percent")} if spec.needs_approval else {}


def _autoscaling(spec: PipelineSpec) -> tuple[Step, ...]:
    """What fails here is no reason to reject the version: it serves, and `report` says what is missing."""
    if spec.production.autoscaling is None:
        return ()
    measured = {"job": result("recommend", "job"), "recommendation": json_result("judge", "recommendation")}
    return (Step("autoscale", AutoscaleOperator, ("verify",), {"pipeline": spec, **measured}),)


def _last(spec: PipelineSpec) -> tuple[str, ...]:
    return ("autoscale",) if spec.production.autoscaling else ()


def _after_gate(spec: PipelineSpec, poll_s: float) -> tuple[Step, ...]:
    """The staging endpoint goes when the job is over, and judging takes no endpoint; not directly after `judge`, since
    a branch skips whatever comes directly after it and is not the way on, teardowns too.

    `create_model` is a setup beside `deploy_staging` because a teardown runs only when a setup has succeeded, and a
    deployment that failed or was ended by a person leaves an endpoint as well.
    """
    if spec.staging.after_gate is not AfterGate.DELETE:
        return ()
    return (
        Step(
            "delete_staging",
            DeleteEndpointOperator,
            ("recommend",),
            {"endpoint": spec.staging.endpoint, "poll_s": poll_s, **tells_failure(spec)},
            tears_down=("create_model", "deploy_staging"),
        ),
    )


def _outcome(spec: PipelineSpec) -> Step:
    """The last task decides the run's state. `report` succeeds after a failure too; this one then does not run.

    A failure on the way makes `verify` upstream-failed, and with it this task and the run. A refusal only skips it.
    Where the run has a teardown it is one too and looks for itself: a run that a person marks as failed goes on for its
    teardowns, all else is skipped, and Airflow would call that a success.
    """
    before = ("verify", "reject", "report", *_last(spec))
    if spec.staging.after_gate is AfterGate.DELETE:
        return Step("outcome", ConcludeOperator, (*before, "delete_staging"), tears_down=())
    return Step("outcome", EmptyOperator, before, trigger_rule=TriggerRule.NONE_FAILED)


def params(spec: PipelineSpec) -> dict[str, Param]:
    """What the trigger form asks for."""
    hostnames = [container.hostname for container in spec.containers if container.hostname]
    known = ", ".join(hostnames) or "none: the spec's containers have no hostnames"
    one_of = {"propertyNames": {"enum": hostnames}} if hostnames else {"maxProperties": 0}
    text = {"type": "string"}
    return {
        "model_data": Param(
            {},
            type="object",
            title="Other artifacts",
            description=f"Hostname to s3 URI of a model.tar.gz, for this run only. Hostnames: {known}.",
            additionalProperties={**text, "pattern": r"^s3://[^/]+/.+\.tar\.gz$"},
            **one_of,
        ),
        "environment": Param(
            {},
            type="object",
            title="More environment variables",
            description=f"Hostname to variables that are added or replaced, for this run only. Hostnames: {known}.",
            additionalProperties={"type": "object", "additionalProperties": text},
            **one_of,
        ),
        "model_package_arn": Param(
            None,
            type=["null", "string"],
            pattern=PACKAGE_ARN,
            title="Version",
            description=f"ARN of a version of {spec.package.group} to take as it is; made from the spec when empty.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Measure, judge and report; promote nothing and reject nothing.",
        ),
    }


def describe(spec: PipelineSpec) -> str:
    """The DAG's documentation in Airflow, as Markdown."""
    containers = "\n".join(
        f"{position}. `{container.hostname or f'container-{position}'}`: {container.image}"
        for position, container in enumerate(spec.containers, start=1)
    )
    rules = "\n".join(f"- {rule.describe()}" for rule in spec.gate.rules)
    staging, production = spec.fleet(Stage.STAGING), spec.fleet(Stage.PRODUCTION)
    return (
        f"# {spec.pipeline}\n\n"
        f"Registers the pipeline in `{spec.package.group}`, measures it on `{staging.endpoint}` "
        f"({staging.instances} x {staging.instance_type}), and brings it to `{production.endpoint}` "
        f"({production.instances} x {production.instance_type}) when every rule passes.\n\n"
        f"## Containers, in order\n\n{containers}\n\n## Rules\n\n{rules}\n\n"
        f"Evidence of every decision is kept below `{spec.evidence.prefix}`.\n"
    )


def schedule(spec: PipelineSpec) -> Schedule:
    """The spec's own, what others do in the registry, and what was found when production was measured again."""
    watched = [versions_asset(spec, spec.watch.queue)] if spec.watch else []
    found = [findings_asset(spec)] if spec.rebenchmark else []
    return or_by_assets(as_scheduled(spec.schedule), [*watched, *found])


PROMOTION = DagKind(
    verb="promote",
    tag="promotion",
    summary="Takes the inference pipeline {pipeline} to production through its gate",
    plan=plan,
    params=params,
    describe=describe,
    schedule=schedule,
    deadline=deadline,
)

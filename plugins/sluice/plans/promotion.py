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
from sluice.operators.promote import PromoteOperator
from sluice.operators.register_package import RegisterPackageOperator
from sluice.operators.reject import RejectOperator
from sluice.operators.report import ReportOperator
from sluice.operators.verify import VerifyOperator
from sluice.plans.news import deadline, tells_outcome, tells_who_may_approve
from sluice.plans.step import (
    DagKind,
    Schedule,
    Step,
    as_scheduled,
    findings_asset,
    first_of,
    json_result,
    or_by_assets,
    param,
    part_if_any,
    production_asset,
    result,
    result_if_any,
    versions_asset,
)
from sluice.plans.to_the_gate import Measured, one_candidate, several_candidates
from sluice.specs.pipeline import PipelineSpec, Stage
from sluice.specs.service_limits import PACKAGE_ARN


def plan(spec: PipelineSpec, poll_s: float) -> tuple[Step, ...]:
    """The tasks of a promotion. What goes wrong on the way to production leads to `reject`; `report` always runs."""
    ways = {"when_open": _on_the_way(spec)[0], "when_closed": "reject", "when_dry": "report"}
    measured = (several_candidates if spec.candidates else one_candidate)(spec, poll_s, ways)
    pipeline = {"pipeline": spec, "candidate": measured.candidate}
    return (
        *measured.steps,
        *_tuning(spec, measured, pipeline),
        *_approval(spec, measured),
        *_to_production(spec, measured, poll_s),
        *_whatever_happened(spec, measured),
    )


def _on_the_way(spec: PipelineSpec) -> tuple[str, ...]:
    """The tasks between the gate and the end of the promotion, in their order."""
    tuning = ("register_tuned", "create_tuned_model") if spec.benchmark.variables else ()
    return (*tuning, *(("approve",) if spec.needs_approval else ()), "promote")


def _tuning(spec: PipelineSpec, measured: Measured, pipeline: Mapping[str, Any]) -> tuple[Step, ...]:
    """Models are immutable: with the environment that the gate chose it is another version and another model.

    Where that environment is what the containers have anyway, both steps find what is there.
    """
    if not spec.benchmark.variables:
        return ()
    tuned = {**pipeline, "fleet": json_result(measured.judged_by, "fleet")}
    package = {"package_arn": result("register_tuned", "package_arn")}
    return (
        Step("register_tuned", RegisterPackageOperator, (measured.judged_by,), tuned),
        Step("create_tuned_model", CreateModelOperator, ("register_tuned",), {**tuned, **package}),
    )


def _approval(spec: PipelineSpec, measured: Measured) -> tuple[Step, ...]:
    if not spec.needs_approval:
        return ()
    judged = measured.judged_by
    before = "create_tuned_model" if spec.benchmark.variables else judged
    given = {"pipeline": spec, "judged": result(judged), **tells_who_may_approve(spec, judged)}
    return (Step("approve", ApproveOperator, (before,), given),)


def _to_production(spec: PipelineSpec, measured: Measured, poll_s: float) -> tuple[Step, ...]:
    decided_by = "approve" if spec.needs_approval else measured.judged_by
    before = (measured.judged_by, *_on_the_way(spec))[-2]
    tuned = result("register_tuned", "package_arn")
    what = {
        "pipeline": spec,
        "candidate": measured.candidate,
        "package_arn": tuned if spec.benchmark.variables else measured.package_arn,
        "fleet": json_result(decided_by, "fleet"),
    }
    percent = {"percent": json_result("approve", "percent")} if spec.needs_approval else {}
    promote = {**what, **percent, "reason": result(decided_by, "reason"), "poll_s": poll_s}
    return (
        Step("promote", PromoteOperator, (before,), promote),
        Step("verify", VerifyOperator, ("promote",), {**what, "outlets": [production_asset(spec)]}),
        *_autoscaling(spec, measured),
    )


def _autoscaling(spec: PipelineSpec, measured: Measured) -> tuple[Step, ...]:
    """What fails here is no reason to reject the version: it serves, and `report` says what is missing."""
    if spec.production.autoscaling is None:
        return ()
    given = {
        "pipeline": spec,
        "job": measured.job,
        "recommendation": json_result(measured.judged_by, "recommendation"),
        "measured": measured.endpoint,
    }
    return (Step("autoscale", AutoscaleOperator, ("verify",), given),)


def _whatever_happened(spec: PipelineSpec, measured: Measured) -> tuple[Step, ...]:
    """The last task decides the run's state. `report` succeeds after a failure too; `outcome` then does not run.

    A failure on the way makes `verify` upstream-failed, and with it `outcome` and the run. A refusal only skips it.
    Where the run has a teardown it is one too and looks for itself: a run that a person marks as failed goes on for its
    teardowns, all else is skipped, and Airflow would call that a success.
    """
    tuned = (part_if_any("register_tuned"),) if spec.benchmark.variables else ()
    despite = {"despite": measured.judged_by} if spec.candidates else {}
    told = {
        "registered": first_of(*tuned, measured.registered),
        "judged": result_if_any(*(("approve",) if spec.needs_approval else ()), measured.judged_by),
        "is_dry_run": param("dry_run"),
        **despite,
    }
    asked = {"asked": result_if_any("read_event")} if spec.is_started_by_assets else {}
    report = {
        "pipeline": spec,
        "candidate": measured.candidate_if_any,
        **told,
        "verified": result_if_any("verify"),
        **tells_outcome(spec),
    }
    last = ("autoscale",) if spec.production.autoscaling else ()
    before = ("verify", "reject", "report", *last)
    outcome = Step("outcome", EmptyOperator, before, trigger_rule=TriggerRule.NONE_FAILED)
    if measured.teardown is not None:
        outcome = Step("outcome", ConcludeOperator, (*before, measured.teardown), despite, tears_down=())
    judged_by, always = measured.judged_by, TriggerRule.ALL_DONE
    return (
        Step("reject", RejectOperator, (judged_by, "verify"), {**told, **asked}, always),
        Step("report", ReportOperator, (judged_by, "verify", "reject", *last), report, always),
        outcome,
    )


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
        **_candidates(spec),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Measure, judge and report; promote nothing and reject nothing.",
        ),
    }


def _candidates(spec: PipelineSpec) -> dict[str, Param]:
    if not spec.candidates:
        return {}
    by_hostname = {"type": "object", "additionalProperties": {"type": ["string", "object"]}}
    given = dict.fromkeys(("model_data", "environment", "image"), by_hostname)
    return {
        "candidates": Param(
            {},
            type="object",
            title="Candidates",
            description="Other candidates than the spec's, for this run only, by name and in the spec's form.",
            additionalProperties={"type": "object", "properties": given, "additionalProperties": False},
        )
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

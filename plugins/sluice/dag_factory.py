"""Spec -> DAG. The only place that orders tasks: the plan is data, and one function turns a step of it into a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import conf
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, BaseOperator, Param, TriggerRule

from sluice.operators.create_model import CreateModelOperator
from sluice.operators.delete_endpoint import DeleteEndpointOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.judge import JudgeOperator
from sluice.operators.outcome import result_of
from sluice.operators.preflight import PreflightOperator
from sluice.operators.promote import PromoteOperator
from sluice.operators.recommend import RecommendOperator
from sluice.operators.register_package import RegisterPackageOperator
from sluice.operators.reject import RejectOperator
from sluice.operators.report import ReportOperator
from sluice.operators.verify import VerifyOperator
from sluice.schedule import AssetSchedule
from sluice.spec import AfterGate, PipelineSpec, Stage

POLL_SECONDS = 20.0  # a deployment takes minutes on AWS, a job three quarters of an hour
RETRIES = 2  # for throttling, lost connections and killed workers; a candidate's own faults are not retried
RETRY_DELAY = timedelta(seconds=30)  # throttling has passed by then; Airflow's own 5 minutes would be spent waiting


@dataclass(frozen=True)
class Step:
    """One task: its id, what it is, what it is given, and what it comes after."""

    task_id: str
    operator: type[BaseOperator]
    after: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    trigger_rule: TriggerRule = TriggerRule.ALL_SUCCESS


def result(task_id: str, *path: str) -> str:
    """A template for a task's result as JSON text, or for the text at `path` in it."""
    pulled = f"ti.xcom_pull(task_ids='{task_id}')"
    if not path:
        return "{{ " + pulled + " | tojson }}"
    return "{{ " + pulled + "".join(f"['{key}']" for key in path) + " }}"


def result_if_any(task_id: str) -> str:
    """A template for a task's result as JSON text, `null` when the task did not succeed in this run."""
    return "{{ result_of(ti, '" + task_id + "') | tojson }}"


def param(name: str) -> str:
    """A template for a trigger parameter as JSON text."""
    return "{{ params." + name + " | tojson }}"


def promotion_plan(spec: PipelineSpec, poll_s: float) -> tuple[Step, ...]:
    """The tasks of a promotion. What goes wrong on the way to production leads to `reject`; `report` always runs."""
    pipeline = {"pipeline": spec, "candidate": result("preflight")}
    package = {"package_arn": result("register_package", "package_arn")}
    told = {
        "registered": result_if_any("register_package"),
        "judged": result_if_any("judge"),
        "is_dry_run": param("dry_run"),
    }
    whatever_happened = TriggerRule.ALL_DONE
    steps = (
        Step(
            "preflight",
            PreflightOperator,
            given={"pipeline": spec, "model_data": param("model_data"), "environment": param("environment")},
        ),
        Step("register_package", RegisterPackageOperator, ("preflight",), pipeline),
        Step("create_model", CreateModelOperator, ("register_package",), {**pipeline, **package}),
        Step(
            "deploy_staging",
            DeployEndpointOperator,
            ("create_model",),
            {**pipeline, "stage": Stage.STAGING.value, "poll_s": poll_s},
        ),
        Step("recommend", RecommendOperator, ("deploy_staging",), {**pipeline, **package, "poll_s": poll_s}),
        Step(
            "judge",
            JudgeOperator,
            ("recommend",),
            {
                **pipeline,
                **package,
                "job": result("recommend", "job"),
                "is_dry_run": param("dry_run"),
                "when_open": "promote",
                "when_closed": "reject",
                "when_dry": "report",
            },
        ),
        Step(
            "promote",
            PromoteOperator,
            ("judge",),
            {**pipeline, **package, "reason": result("judge", "reason"), "poll_s": poll_s},
        ),
        Step("verify", VerifyOperator, ("promote",), pipeline),
        Step("reject", RejectOperator, ("judge", "verify"), told, whatever_happened),
        Step(
            "report",
            ReportOperator,
            ("judge", "verify", "reject"),
            {"pipeline": spec, "candidate": result_if_any("preflight"), **told, "verified": result_if_any("verify")},
            whatever_happened,
        ),
    )
    return (*steps, *_after_gate(spec), _outcome(spec))


def _after_gate(spec: PipelineSpec) -> tuple[Step, ...]:
    if spec.staging.after_gate is not AfterGate.DELETE:
        return ()
    given = {"endpoint": spec.staging.endpoint}
    return (Step("delete_staging", DeleteEndpointOperator, ("report",), given, TriggerRule.ALL_DONE),)


def _outcome(spec: PipelineSpec) -> Step:
    """The last task decides the run's state. `report` succeeds after a failure too; this one then does not run.

    A failure on the way makes `verify` upstream-failed, and with it this task and the run. A refusal only skips it.
    """
    last = ("delete_staging",) if spec.staging.after_gate is AfterGate.DELETE else ()
    return Step("outcome", EmptyOperator, ("verify", "reject", "report", *last), trigger_rule=TriggerRule.NONE_FAILED)


def build_promotion(spec: PipelineSpec) -> DAG:
    """The DAG `promote__<pipeline>`; hyphens of the pipeline's name become underscores.

    Airflow's setting `[sluice] poll_seconds` (`AIRFLOW__SLUICE__POLL_SECONDS`) is the time between two looks at what a
    task waits for.
    """
    poll_s = conf.getfloat("sluice", "poll_seconds", fallback=POLL_SECONDS)
    dag = DAG(
        dag_id=f"promote__{spec.pipeline.replace('-', '_')}",
        description=f"Takes the inference pipeline {spec.pipeline} to production through its gate",
        doc_md=describe(spec),
        schedule=_schedule(spec),
        catchup=False,
        max_active_runs=1,  # two runs would measure on the same staging endpoint at once
        params=_params(spec),
        user_defined_macros={"result_of": result_of},
        tags={"sluice", "promotion", spec.pipeline},
        default_args={
            "aws_conn_id": spec.aws.connection,
            "region_name": spec.aws.region,
            "retries": RETRIES,
            "retry_delay": RETRY_DELAY,
            "owner": "sluice",
        },
    )
    for step in promotion_plan(spec, poll_s):
        _add(dag, step)
    return dag


def _add(dag: DAG, step: Step) -> None:
    task = step.operator(task_id=step.task_id, dag=dag, trigger_rule=step.trigger_rule, **step.given)
    task.set_upstream([dag.get_task(each) for each in step.after])


def _schedule(spec: PipelineSpec) -> str | list[Asset] | None:
    if isinstance(spec.schedule, AssetSchedule):
        return [Asset(each) for each in spec.schedule.assets]
    return spec.schedule


def _params(spec: PipelineSpec) -> dict[str, Param]:
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

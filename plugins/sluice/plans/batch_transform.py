"""`batch_transform__<pipeline>`: the approved version through a transform job, its output checked for completeness."""

from __future__ import annotations

from dataclasses import replace

from airflow.sdk import Param

from sluice.operators.batch_transform import BatchTransformOperator
from sluice.operators.check_batch import CheckBatchOperator
from sluice.operators.create_model import CreateModelOperator
from sluice.operators.find_version import FindVersionOperator
from sluice.operators.preflight import PreflightOperator
from sluice.plans.news import tells_failure
from sluice.plans.step import DagKind, Schedule, Step, as_scheduled, result, text_param
from sluice.specs.batch import BatchSpec
from sluice.specs.pipeline import PipelineSpec
from sluice.specs.service_limits import PACKAGE_ARN, S3_URI


def plan(spec: PipelineSpec, poll_s: float) -> tuple[Step, ...]:
    """The tasks of a batch. Only a spec that says what to transform has any."""
    if spec.batch is None:
        return ()
    found = {"package_arn": result("find_version", "package_arn")}
    pipeline = {"pipeline": spec, "candidate": result("preflight")}
    objects = {"input": text_param("input")}
    job = {"job": result("transform", "job")}
    steps = (
        Step(
            "find_version",
            FindVersionOperator,
            given={
                "pipeline": spec,
                "which": spec.batch.version.value,
                "package_arn": text_param("model_package_arn"),
            },
        ),
        Step("preflight", PreflightOperator, ("find_version",), {"pipeline": spec, **found, **_places(spec.batch)}),
        Step("create_model", CreateModelOperator, ("preflight",), {**pipeline, **found}),
        Step("transform", BatchTransformOperator, ("create_model",), {**pipeline, **objects, "poll_s": poll_s}),
        Step("check_output", CheckBatchOperator, ("transform",), {**pipeline, **objects, **job}),
    )
    told = tells_failure(spec)
    return tuple(replace(step, given={**step.given, **told}) for step in steps)


def _places(batch: BatchSpec) -> dict[str, list[str]]:
    """Where the run reads and writes. The spec's prefix may be a template, and the parameter goes before it."""
    chosen = "{% if params.input %}{{ params.input }}{% else %}" + batch.input + "{% endif %}"
    return {"reads": [chosen], "writes": [batch.output]}


def params(spec: PipelineSpec) -> dict[str, Param]:
    """What the trigger form asks for."""
    return {
        "model_package_arn": Param(
            None,
            type=["null", "string"],
            pattern=PACKAGE_ARN,
            title="Version",
            description=f"ARN of an approved version of {spec.package.group}; the spec says which when empty.",
        ),
        "input": Param(
            None,
            type=["null", "string"],
            pattern=f"^{S3_URI}$",
            title="Input",
            description="Other s3:// prefix of the objects to transform, for this run only.",
        ),
    }


def describe(spec: PipelineSpec) -> str:
    """The DAG's documentation in Airflow, as Markdown."""
    if spec.batch is None:
        return ""
    version = {"approved": "newest Approved version", "production": "version in production"}[spec.batch.version.value]
    return (
        f"# Batch transform with {spec.pipeline}\n\n"
        f"Sends every object under `{spec.batch.input}` through the {version} of `{spec.package.group}`, and looks "
        f"whether each has its result below `{spec.batch.output}`.\n\n"
        "The same objects are not transformed twice by the same version: the job that did so is found by its name.\n"
    )


def schedule(spec: PipelineSpec) -> Schedule:
    """That of the spec's `batch`."""
    return as_scheduled(spec.batch.schedule if spec.batch else None)


BATCH_TRANSFORM = DagKind(
    verb="batch_transform",
    tag="batch",
    summary="Transforms objects with the approved version of {pipeline}",
    plan=plan,
    params=params,
    describe=describe,
    schedule=schedule,
)

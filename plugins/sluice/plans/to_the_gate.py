"""From artifacts to the gate's word: the first half of a promotion, for one candidate or for several side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow.sdk import TriggerRule

from sluice.operators.await_turn import AwaitTurnOperator
from sluice.operators.choose_candidate import ChooseCandidateOperator
from sluice.operators.create_model import CreateModelOperator
from sluice.operators.delete_endpoint import DeleteEndpointOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.judge import JudgeOperator
from sluice.operators.list_candidates import ListCandidatesOperator
from sluice.operators.preflight import PreflightOperator
from sluice.operators.read_event import ReadEventOperator
from sluice.operators.recommend import RecommendOperator
from sluice.operators.register_package import RegisterPackageOperator
from sluice.plans.news import tells_failure
from sluice.plans.step import (
    Group,
    Step,
    json_result,
    param,
    part_if_any,
    result,
    result_if_any,
    text_param,
    text_result,
)
from sluice.runs.request import keys_of
from sluice.specs.pipeline import PipelineSpec, Stage
from sluice.specs.staging import AfterGate

CANDIDATES = Group("measure", over="candidates")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The tasks that measure and judge, and the templates by which those after them are given what came of it."""

    steps: tuple[Step, ...]
    judged_by: str
    """The task after which the way forks."""
    candidate: str
    candidate_if_any: str
    package_arn: str
    registered: str
    """An expression for the registered version, None when there is none; see `part_if_any`."""
    job: str
    endpoint: str
    """The staging endpoint that the job has loaded."""
    teardown: str | None = None
    """The task that deletes staging endpoints."""


def one_candidate(spec: PipelineSpec, poll_s: float, ways: Mapping[str, str]) -> Measured:
    """The spec as this run wants it. `ways` are the tasks to go on with: `when_open`, `when_closed`, `when_dry`."""
    before, given, version = _asked_for(spec)
    preflight = {
        "pipeline": spec,
        **given,
        **_measured_again(spec),
        "writes": [spec.evidence.prefix],
        "package_arn": version,
    }
    after = tuple(step.task_id for step in before)
    is_ephemeral = spec.staging.after_gate is AfterGate.DELETE
    return Measured(
        steps=(
            *before,
            Step("preflight", PreflightOperator, after, preflight),
            *_to_the_gate(spec, poll_s, ways),
            *([_teardown(spec, poll_s, spec.staging.endpoint)] if is_ephemeral else ()),
        ),
        judged_by="judge",
        candidate=result("preflight"),
        candidate_if_any=result_if_any("preflight"),
        package_arn=result("register_package", "package_arn"),
        registered=part_if_any("register_package"),
        job=result("recommend", "job"),
        endpoint=spec.staging.endpoint,
        teardown="delete_staging" if is_ephemeral else None,
    )


def several_candidates(spec: PipelineSpec, poll_s: float, ways: Mapping[str, str]) -> Measured:
    """A group of tasks for each candidate, each on a staging endpoint of its own; then one task compares them."""
    before, given, version = _asked_for(spec)
    candidates = json_result("read_event", "candidates") if spec.is_started_by_assets else param("candidates")
    listing = {"pipeline": spec, "candidates": candidates, **given, "package_arn": version}
    of_each = ("model_data", "environment", "image")
    preflight = {
        "pipeline": spec,
        **{key: _each(key) for key in of_each},
        "candidate_name": _each_text("name"),
        "package_arn": _each_text("package_arn"),
        **_measured_again(spec),
        "writes": [spec.evidence.prefix],
    }
    turn = _turn(spec, poll_s)
    inside = (
        *turn,
        Step("preflight", PreflightOperator, tuple(step.task_id for step in turn), preflight),
        *_to_the_gate(spec, poll_s, {}, CANDIDATES),
        _teardown(spec, poll_s, _each_text("endpoint"), CANDIDATES),
    )
    compare = {"candidates": result("candidates"), "group": CANDIDATES.group_id, "is_dry_run": param("dry_run"), **ways}
    return Measured(
        steps=(
            *before,
            Step("candidates", ListCandidatesOperator, tuple(step.task_id for step in before), listing),
            *(step.inside(CANDIDATES) for step in inside),
            Step("compare", ChooseCandidateOperator, (CANDIDATES.id_of("judge"),), compare, TriggerRule.ALL_DONE),
        ),
        judged_by="compare",
        candidate=json_result("compare", "candidate"),
        candidate_if_any="{{ " + part_if_any("compare", "candidate") + " | tojson }}",
        package_arn=result("compare", "package_arn"),
        registered=part_if_any("compare", "registered"),
        job=result("compare", "job"),
        endpoint=result("compare", "endpoint"),
        teardown=CANDIDATES.id_of("delete_staging"),
    )


def _to_the_gate(
    spec: PipelineSpec, poll_s: float, ways: Mapping[str, str], group: Group | None = None
) -> tuple[Step, ...]:
    pipeline = {"pipeline": spec, "candidate": text_result(group, "preflight")}
    package = {"package_arn": text_result(group, "register_package", "package_arn")}
    return (
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
                "job": text_result(group, "recommend", "job"),
                "is_dry_run": param("dry_run"),
                **ways,
            },
        ),
    )


def _teardown(spec: PipelineSpec, poll_s: float, endpoint: str, group: Group | None = None) -> Step:
    """The staging endpoint goes when the job is over, and judging takes no endpoint; not directly after `judge`, since
    a branch skips whatever comes directly after it and is not the way on, teardowns too.

    `create_model` is a setup beside `deploy_staging` because a teardown runs only when a setup has succeeded, and a
    deployment that failed or was ended by a person leaves an endpoint as well.
    """
    return Step(
        "delete_staging",
        DeleteEndpointOperator,
        ("recommend",),
        {"endpoint": endpoint, "poll_s": poll_s, **tells_failure(spec)},
        tears_down=("create_model", "deploy_staging"),
    )


def _turn(spec: PipelineSpec, poll_s: float) -> tuple[Step, ...]:
    if spec.staging.candidates_at_once is None:
        return ()
    until = CANDIDATES.id_of("delete_staging")
    given = {"at_once": spec.staging.candidates_at_once, "until": until, "poke_interval": poll_s}
    return (Step("await_turn", AwaitTurnOperator, (), given),)


def _asked_for(spec: PipelineSpec) -> tuple[tuple[Step, ...], dict[str, Any], str]:
    """What the run asks for, as templates. Where asset events start runs, they may say it as the parameters do."""
    keys = ("model_data", "environment")
    if not spec.is_started_by_assets:
        return (), {key: param(key) for key in keys}, text_param("model_package_arn")
    request = {key: param(key) for key in keys_of(spec)}
    read = Step("read_event", ReadEventOperator, given={"pipeline": spec, "request": request})
    return (read,), {key: json_result("read_event", key) for key in keys}, result("read_event", "model_package_arn")


def _measured_again(spec: PipelineSpec) -> dict[str, str]:
    return {"measuring": json_result("read_event", "measuring")} if spec.is_started_by_assets else {}


def _each(key: str) -> str:
    """A template for a part of the listed candidate that a group is for, as JSON text."""
    return "{{ ti.xcom_pull(task_ids='candidates')[ti.map_index]['" + key + "'] | tojson }}"


def _each_text(key: str) -> str:
    return "{{ ti.xcom_pull(task_ids='candidates')[ti.map_index]['" + key + "'] }}"

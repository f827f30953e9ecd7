"""What a DAG would do and make, as text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sluice.metrics import number_text
from sluice.naming import DIGEST_CHARS, names_for, rollbacks_prefix
from sluice.predicted_cost import DEFAULT_JOB_MINUTES, ESTIMATED, Row, Use, predicted_rows
from sluice.spec import Fleet, PipelineSpec, Stage

UNREAD = "0" * 64
UNKNOWN = "?" * DIGEST_CHARS


def explain(title: str, tasks: Sequence[Row], rows: Sequence[Row]) -> str:
    """A DAG's tasks in order with what each does, and what there is to say of it."""
    width = max(len(name) for name, _ in (*tasks, *rows))
    lines = ["", *(f"  {name.ljust(width)}  {what}".rstrip() for name, what in tasks)]
    lines += ["", *(f"  {name.ljust(width)}  {what}" for name, what in rows)]
    return "\n".join([title, *lines, ""])


def promotion_rows(spec: PipelineSpec, digests: Mapping[str, str] | None, seen: Sequence[Row]) -> list[Row]:
    """Every name that would be made, on what it runs, what it will cost, and what was `seen` on AWS.

    Without `digests` (s3 URI -> SHA-256 hex) what a name has from content is shown as `????????????`.
    """
    return [*_names(spec, digests), *_fleets(spec), *predicted_rows(spec), *seen]


def rollback_rows(spec: PipelineSpec) -> list[Row]:
    """What a rollback touches; the version is chosen by the run."""
    return [
        ("production endpoint", spec.production.endpoint),
        ("goes back to", f"the version of {spec.package.group} that was approved before production's"),
        ("record", f"below {rollbacks_prefix(spec)}"),
        ("makes", "the model and the production config of that version, unless they are still there"),
    ]


def batch_rows(spec: PipelineSpec) -> list[Row]:
    """What a batch reads, writes and costs."""
    batch = spec.batch
    if batch is None:
        return [("batch", "the spec has none, so there is no such DAG")]
    hour = Use(batch.instance_type, batch.instances, 1).usd
    cost = "not known" if hour is None else f"{number_text(hour)} USD for each hour that the job takes, {ESTIMATED}"
    return [
        ("input", batch.input),
        ("output", f"{batch.output.rstrip('/')}/<job>/, where the job is named by the model and the objects"),
        ("runs on", f"{batch.instances} x {batch.instance_type}"),
        ("costs", cost),
    ]


def _names(spec: PipelineSpec, digests: Mapping[str, str] | None) -> list[Row]:
    names = names_for(spec, digests or dict.fromkeys(spec.artifact_uris, UNREAD))
    made = [
        ("package group", names.package_group),
        ("model", names.model),
        ("staging endpoint", names.staging_endpoint),
        ("staging config", names.staging_config),
        ("recommendation job", names.job()),
        ("production endpoint", names.production_endpoint),
        ("production config", names.production_config),
    ]
    if spec.production.is_chosen:
        made[-1] = ("production config", "made for the instances that the run chooses")
    standing = {names.package_group, names.staging_endpoint, names.production_endpoint}
    if digests is None:
        hidden = f"[0-9a-f]{{{DIGEST_CHARS}}}$"
        made = [(what, name if name in standing else re.sub(hidden, UNKNOWN, name)) for what, name in made]
    return made


def _fleets(spec: PipelineSpec) -> list[Row]:
    production = "chosen by each run" if spec.production.is_chosen else _fleet(spec.fleet(Stage.PRODUCTION))
    types = ", ".join(spec.benchmark.instance_types)
    return [
        ("staging runs on", _fleet(spec.fleet(Stage.STAGING))),
        ("production runs on", production),
        ("load test", f"of staging, and of an endpoint of each of {types}; {_length(spec)}"),
    ]


def _fleet(fleet: Fleet) -> str:
    return f"{fleet.instances} x {fleet.instance_type}"


def _length(spec: PipelineSpec) -> str:
    traffic = spec.benchmark.traffic
    return f"{traffic.duration_s} s of traffic a test" if traffic else f"up to {DEFAULT_JOB_MINUTES} minutes on AWS"

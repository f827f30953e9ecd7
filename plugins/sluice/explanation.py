"""What a promotion would do, as text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sluice.naming import DIGEST_CHARS, names_for
from sluice.spec import Fleet, PipelineSpec, Stage

Row = tuple[str, str]

UNREAD = "0" * 64
UNKNOWN = "?" * DIGEST_CHARS


def explain(spec: PipelineSpec, tasks: Sequence[Row], digests: Mapping[str, str] | None, cost: str) -> str:
    """The tasks in order with what each does, every name that would be made, and what is known of the cost.

    Without `digests` (s3 URI -> SHA-256 hex) what a name has from content is shown as `????????????`.
    """
    rows = [*_names(spec, digests), *_fleets(spec), ("cost of production", cost)]
    width = max(len(name) for name, _ in (*tasks, *rows))
    lines = ["", *(f"  {name.ljust(width)}  {what}".rstrip() for name, what in tasks)]
    lines += ["", *(f"  {name.ljust(width)}  {what}" for name, what in rows)]
    return "\n".join([f"promote__{spec.pipeline.replace('-', '_')}", *lines, ""])


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
        # 45 minutes: AWS's sample archived/auto-scaling/optimize_endpoint_scaling.ipynb, of a Default job.
        ("load test", f"of staging, and of an endpoint of each of {types}; up to 45 minutes on AWS"),
    ]


def _fleet(fleet: Fleet) -> str:
    return f"{fleet.instances} x {fleet.instance_type}"

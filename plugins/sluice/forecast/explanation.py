"""What a DAG would do and make, as text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sluice.account.housekeeping import Thing
from sluice.evidence.rebenchmark import twin_measuring
from sluice.forecast.cost import (
    DEFAULT_JOB_MINUTES,
    ESTIMATED,
    Row,
    Use,
    predicted_rows,
    production_costs,
    rebenchmark_row,
)
from sluice.gate.metrics import number_text
from sluice.naming import CONTENT, DIGEST_CHARS, PIPELINE, STAGE, names_for, rollbacks_prefix
from sluice.runs import asset_names
from sluice.specs.measuring import Measuring
from sluice.specs.pipeline import Fleet, PipelineSpec, Stage, as_candidate
from sluice.specs.production import FleetChoice
from sluice.specs.schedule import AssetSchedule

UNREAD = "0" * 64
DIGEST = rf"[0-9a-f]{{{DIGEST_CHARS}}}$"
UNKNOWN = "?" * DIGEST_CHARS
"""Shown for what a name has from content that was not read."""
MEASURED = ("package version", "model", "staging endpoint", "staging config", "recommendation job")
"""What a candidate makes until the gate, in this order."""

ON_AS_NOW = "the instances that production runs on"
"""Where runs choose production's instances, the spec does not say which they are."""

Digests = Mapping[str, str] | None
"""s3 URI -> SHA-256 hex; None when the artifacts were not read."""


def explain(title: str, tasks: Sequence[Row], rows: Sequence[Row]) -> str:
    """A DAG's tasks in order with what each does, and what there is to say of it."""
    width = max(len(name) for name, _ in (*tasks, *rows))
    lines = ["", *(f"  {name.ljust(width)}  {what}".rstrip() for name, what in tasks)]
    lines += ["", *(f"  {name.ljust(width)}  {what}" for name, what in rows)]
    return "\n".join([title, *lines, ""])


def candidates_of(spec: PipelineSpec) -> Mapping[str, PipelineSpec]:
    """What a run measures: the spec's candidates by name, as preflight makes them; `""` is the spec itself."""
    return {name: as_candidate(spec, name, asked) for name, asked in spec.candidates.items()} or {"": spec}


def of_candidate(name: str, rows: Iterable[Row]) -> list[Row]:
    """The same rows with the candidate's name before each; none when it is the only one."""
    return [(f"{name}: {what}" if name else what, told) for what, told in rows]


def promotion_rows(spec: PipelineSpec, digests: Digests, seen: Sequence[Row]) -> list[Row]:
    """Every name that would be made, on what it runs, what it will cost, and what was `seen` on AWS.

    Without `digests` what a name has from content is shown as `????????????`.
    """
    return [*_names(spec, digests), *_fleets(spec), *predicted_rows(spec), *seen]


def rollback_rows(spec: PipelineSpec) -> list[Row]:
    """What a rollback touches; the version is chosen by the run."""
    made, chosen = _shown(spec, None), spec.production.is_chosen
    return [
        ("production endpoint", spec.production.endpoint),
        ("goes back to", f"the version of {spec.package.group} that was approved before production's"),
        ("model", f"{made['model']} of that version, unless it is still there"),
        ("production config", f"{made['production config']} of that version, unless it is still there"),
        ("production runs on", ON_AS_NOW if chosen else _fleet(spec.fleet(Stage.PRODUCTION))),
        ("production costs", "what it costs now" if chosen else production_costs(spec)),
        ("record", f"below {rollbacks_prefix(spec)}"),
    ]


def batch_rows(spec: PipelineSpec) -> list[Row]:
    """What a batch reads, writes and costs."""
    batch = spec.batch
    if batch is None:
        return [("batch", "the spec has none, so there is no such DAG")]
    hour = Use(batch.instance_type, batch.instances, 1).usd
    cost = "not known" if hour is None else f"{number_text(hour)} USD for each hour that the job takes, {ESTIMATED}"
    return [
        ("model", f"{_shown(spec, None)['model']} of the approved version, unless it is still there"),
        ("input", batch.input),
        ("output", f"{batch.output.rstrip('/')}/<job>/, where the job is named by the model and the objects"),
        ("runs on", f"{batch.instances} x {batch.instance_type}"),
        ("costs", cost),
    ]


def rebenchmark_rows(spec: PipelineSpec) -> list[Row]:
    """The twin, its job and what a measurement costs; the version is the one that production serves by then."""
    wanted = spec.rebenchmark
    if wanted is None:
        return [("rebenchmark", "the spec has none, so there is no such DAG")]
    types, names = _twin_measuring(spec).instance_types, _twin(spec)
    production = spec.production
    on = ON_AS_NOW if production.is_chosen else _fleet(spec.fleet(Stage.STAGING))
    return [
        ("runs", _schedule(wanted.schedule)),
        ("version", f"the one that {production.endpoint} serves, which is itself neither measured nor changed"),
        ("model", f"{names['model']}, unless it is still there"),
        ("twin endpoint", f"{names['staging endpoint']}, deleted when its load test is over"),
        ("twin config", names["staging config"]),
        ("twin runs on", on),
        ("recommendation job", f"{names['recommendation job']}, another one in each run"),
        ("load test", _load_test("the twin", spec, types)),
        rebenchmark_row(spec, types),
        ("evidence", f"below {spec.evidence.prefix}"),
        (
            "starts a promotion",
            f"by the asset {asset_names.findings(spec.package.group)}, when another type that passes the gate costs "
            f"{wanted.min_saving_pct:g} % less, latency is up by more than {wanted.max_drift_pct:g} %, or the gate "
            "would refuse the version",
        ),
    ]


def housekeeping_rows(spec: PipelineSpec, schedule: str, days: float, seen: Sequence[Row]) -> list[Row]:
    """What housekeeping looks for, this pipeline's names for it, and what was `seen`. `days` is the DAG's default."""
    made = [_shown(each, None) for each in candidates_of(spec).values()]
    endpoints = [each["staging endpoint"] for each in made]
    if spec.rebenchmark is not None:
        endpoints.append(_twin(spec)["staging endpoint"])
    configs = dict.fromkeys(each[which] for each in made for which in ("staging config", "production config"))
    return [
        ("runs", f"{schedule}, over the connections and regions of all specs"),
        (
            "looks for",
            f"staging endpoints (by the tag {STAGE}), endpoint configs and models (by the tag {CONTENT}), all with the "
            f"tag {PIPELINE}, that nobody uses",
        ),
        ("age", f"nobody has made or changed them for {days:g} days (older_than_days)"),
        ("endpoints", ", ".join(endpoints)),
        ("endpoint configs", ", ".join(configs)),
        ("models", ", ".join(dict.fromkeys(each["model"] for each in made))),
        (
            "keeps",
            "production endpoints, what an endpoint runs or is about to run, what a load test is loading, and models "
            "and production configs of Approved versions",
        ),
        ("deletes", "only with dry_run=false; else it reports"),
        *seen,
    ]


def unused_rows(found: Sequence[Thing], looked_at: int, now: datetime) -> list[Row]:
    """What housekeeping would find now, in the account and region of one spec."""
    told = [(each.kind.value, f"{each.name}, of {each.pipeline}, {(now - each.touched).days} days") for each in found]
    return [("unused now", f"{len(found)} of {looked_at}"), *told]


def _names(spec: PipelineSpec, digests: Digests) -> list[Row]:
    candidates = {name: _shown(each, digests) for name, each in candidates_of(spec).items()}
    rows = [("package group", spec.package.group)]
    for name, made in candidates.items():
        rows += of_candidate(name, [(what, made[what]) for what in MEASURED])
    if spec.benchmark.variables:
        rows.append(
            ("another version", "and model, of the environment that the run chooses, unless it is there already")
        )
    rows.append(("production endpoint", spec.production.endpoint))
    if spec.production.is_chosen:
        return [*rows, ("production config", "made for the instances that the run chooses")]
    for name, made in candidates.items():
        condition = ", if this candidate goes on" if name else ""
        rows += of_candidate(name, [("production config", made["production config"] + condition)])
    return rows


def _shown(spec: PipelineSpec, digests: Digests, measuring: Measuring | None = None) -> dict[str, str]:
    """Each thing that one candidate makes, and its name as it is shown."""
    names = names_for(spec, digests or dict.fromkeys(spec.artifact_uris, UNREAD), measuring)
    made = {
        "package version": f"of content {names.content[:DIGEST_CHARS]}",
        "model": names.model,
        "staging config": names.staging_config,
        "recommendation job": names.job(),
        "production config": names.production_config,
    }
    if digests is None:
        made = {what: re.sub(DIGEST, UNKNOWN, name) for what, name in made.items()}
    return {**made, "staging endpoint": names.staging_endpoint}


def _twin(spec: PipelineSpec) -> dict[str, str]:
    measuring = _twin_measuring(spec)
    return _shown(measuring.applied_to(spec), None, measuring)


def _twin_measuring(spec: PipelineSpec) -> Measuring:
    """Where production's instances are chosen, they are of one of the benchmark's types; which, a run finds out."""
    staging, types = spec.fleet(Stage.STAGING), spec.benchmark.instance_types
    instance_type = types[0] if spec.production.is_chosen else staging.instance_type
    return twin_measuring(spec, "", FleetChoice(instance_type=instance_type, instances=staging.instances))


def _schedule(schedule: str | AssetSchedule | None) -> str:
    if isinstance(schedule, AssetSchedule):
        return f"when {' and '.join(schedule.assets)} {'was' if len(schedule.assets) == 1 else 'were'} updated"
    return schedule or "when somebody starts it"


def _fleets(spec: PipelineSpec) -> list[Row]:
    production = "chosen by each run" if spec.production.is_chosen else _fleet(spec.fleet(Stage.PRODUCTION))
    return [
        ("staging runs on", _fleet(spec.fleet(Stage.STAGING))),
        ("production runs on", production),
        ("load test", _load_test("staging", spec, spec.benchmark.instance_types)),
    ]


def _load_test(what: str, spec: PipelineSpec, instance_types: Sequence[str]) -> str:
    traffic = spec.benchmark.traffic
    length = f"{traffic.duration_s} s of traffic a test" if traffic else f"up to {DEFAULT_JOB_MINUTES} minutes on AWS"
    return f"of {what}, and of an endpoint of each of {', '.join(instance_types)}; {length}"


def _fleet(fleet: Fleet) -> str:
    return f"{fleet.instances} x {fleet.instance_type}"

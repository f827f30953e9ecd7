"""`python -m sluice`: validate specs, explain DAGs, list decisions.

What needs Airflow is imported when it is asked for.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from sluice.errors import SluiceError, SpecError
from sluice.evidence.rollback import FORM, as_line
from sluice.forecast.cost import Row, measured_row
from sluice.forecast.explanation import (
    batch_rows,
    candidates_of,
    explain,
    housekeeping_rows,
    of_candidate,
    promotion_rows,
    rebenchmark_rows,
    rollback_rows,
    unused_rows,
)
from sluice.gate.metrics import Measurement, Metric, number_text
from sluice.naming import EVIDENCE_URI, VERDICT, names_for, rollbacks_prefix
from sluice.specs.file import load_spec
from sluice.specs.folder import read_files
from sluice.specs.pipeline import PipelineSpec, Stage
from sluice.waiting.remote_work import Kind

if TYPE_CHECKING:
    from sluice.hook import SluiceHook
    from sluice.plans.step import DagKind, Step

SPECS = Path("dags") / "pipelines"
POLL_S = 20.0  # a plan needs one, and no text shows it
ROWS = {"rollback": rollback_rows, "batch_transform": batch_rows, "rebenchmark": rebenchmark_rows}
READ = ("promote", "housekeeping")
DAGS = (*READ, *ROWS)
"""DAGs that can be explained; of those in READ, there is more to say when AWS may be asked."""


def main(arguments: Sequence[str], out: TextIO, err: TextIO) -> int:
    """The exit code: 0, 1 when something is wrong with a spec or AWS refused, 2 for a wrong command line."""
    asked = _parser().parse_args(arguments)
    try:
        if asked.command == "validate":
            return _validate(asked.paths, out, err)
        if asked.command == "explain" and asked.read and asked.dag not in READ:
            err.write(f"--read has nothing to add to --dag {asked.dag}: leave it out\n")
            return 2
        spec = load_spec(asked.spec)
        if asked.command == "explain":
            out.write(_explanation(spec, asked))
        else:
            out.write(_decisions(_hook(spec), spec))
    except SluiceError as error:
        err.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sluice", description="Pipeline specs without a browser.")
    commands = parser.add_subparsers(dest="command", required=True)
    validate = commands.add_parser("validate", help="check specs; errors name file, line and key")
    validate.add_argument("paths", nargs="*", type=Path, default=[SPECS], help="files, or folders of *.yaml")
    explained = commands.add_parser("explain", help="show what a DAG would do and make, and its cost")
    explained.add_argument("spec", type=Path)
    explained.add_argument(
        "--read", action="store_true", help="ask AWS by the spec's connection: full names, cost, what is unused"
    )
    explained.add_argument("--dag", choices=DAGS, default="promote", help="which of its DAGs")
    decisions = commands.add_parser(
        "decisions", help="list the registered versions with their verdicts, and the rollbacks"
    )
    decisions.add_argument("spec", type=Path)
    return parser


def _validate(paths: Sequence[Path], out: TextIO, err: TextIO) -> int:
    files = [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
    if not files:
        raise SpecError("", f"there is no *.yaml in {', '.join(map(str, paths))}")
    found = read_files(files)
    for error in found.errors:
        err.write(f"{error}\n")
    out.write(f"{len(found.specs)} of {len(files)} specs can be used\n")
    return 1 if found.errors else 0


def _explanation(spec: PipelineSpec, asked: argparse.Namespace) -> str:
    if asked.dag == "housekeeping":
        return _housekeeping(spec, asked)
    kind = _kind(asked.dag)
    rows = ROWS[asked.dag](spec) if asked.dag in ROWS else _promotion(spec, asked)
    return explain(f"{kind.verb}__{spec.pipeline.replace('-', '_')}", _tasks(kind.plan(spec, POLL_S)), rows)


def _kind(verb: str) -> DagKind:
    from sluice.plans.batch_transform import BATCH_TRANSFORM
    from sluice.plans.promotion import PROMOTION
    from sluice.plans.rebenchmark import REBENCHMARK
    from sluice.plans.rollback import ROLLBACK

    return {kind.verb: kind for kind in (PROMOTION, ROLLBACK, BATCH_TRANSFORM, REBENCHMARK)}[verb]


def _promotion(spec: PipelineSpec, asked: argparse.Namespace) -> list[Row]:
    if not asked.read:
        return promotion_rows(spec, None, [("production now", "not known without --read")])
    from sluice.operators.artifact_digests import read_digests

    hook, candidates = _hook(spec), candidates_of(spec)
    digests = read_digests(hook, *candidates.values())
    jobs = (of_candidate(name, _last_job(hook, each, digests)) for name, each in candidates.items())
    return promotion_rows(spec, digests, [*chain.from_iterable(jobs), *_now(hook, spec)])


def _housekeeping(spec: PipelineSpec, asked: argparse.Namespace) -> str:
    from sluice.plans import housekeeping

    days, seen = housekeeping.OLDER_THAN_DAYS, [("unused now", "not known without --read")]
    if asked.read:
        from sluice.operators.housekeep import find_unused

        now = datetime.now(UTC)
        seen = unused_rows(*find_unused(_hook(spec), days, now), now)
    rows = housekeeping_rows(spec, housekeeping.SCHEDULE, days, seen)
    return explain(housekeeping.DAG_ID, _tasks(housekeeping.plan([spec])), rows)


def _tasks(steps: Iterable[Step]) -> list[Row]:
    return [(step.task_id, _first_line(step.operator)) for step in steps]


def _last_job(hook: SluiceHook, spec: PipelineSpec, digests: Mapping[str, str]) -> list[Row]:
    """What the newest load test of this candidate took, when there was one."""
    names, last = names_for(spec, digests), None
    for attempt in count(1):
        job = names.job(attempt)
        if hook.find_job(Kind.RECOMMENDATION_JOB, job) is None:
            break
        last = job
    told = measured_row(hook.describe_job(last), spec.fleet(Stage.STAGING)) if last else None
    return [told] if told else []


def _first_line(kind: type) -> str:
    # Airflow's own operators come with pages.
    return (kind.__doc__ or "").strip().splitlines()[0] if kind.__module__.startswith("sluice.") else ""


def _now(hook: SluiceHook, spec: PipelineSpec) -> list[Row]:
    return [("production now", _cost_now(hook, spec))]


def _cost_now(hook: SluiceHook, spec: PipelineSpec) -> str:
    from sluice.operators.champion import find_champion

    champion = find_champion(hook, spec)
    if champion is None:
        return "not known: nothing has been in production"
    number = champion.numbers.get(Metric.COST_PER_HOUR_USD)
    if not isinstance(number, Measurement):
        return f"not known: {number.reason}"
    return f"{number_text(number.value)} USD/h for what is there now ({number.origin.value}, {number.source})"


def _decisions(hook: SluiceHook, spec: PipelineSpec) -> str:
    lines = []
    for listed in hook.list_packages(spec.package.group):
        version = hook.describe_package(listed.arn)
        metadata = version.metadata or {}
        told = (metadata.get(VERDICT, "no verdict"), version.approval_reason or "", metadata.get(EVIDENCE_URI, ""))
        lines.append("  ".join([f"{version.version:>4}", version.approval, *filter(None, told)]))
    lines = lines or [f"{spec.package.group} has no versions"]
    return "\n".join([*lines, *_rollbacks(hook, spec)]) + "\n"


def _rollbacks(hook: SluiceHook, spec: PipelineSpec) -> list[str]:
    stored = [each.uri for each in hook.list_objects(rollbacks_prefix(spec))]
    records = [(FORM.read(hook.read_object(uri) or b"", uri), uri) for uri in stored]
    told = sorted((f"{as_line(record)}  {uri}" for record, uri in records), reverse=True)  # a line begins with its time
    return ["", f"rollbacks of {spec.production.endpoint}:", *told] if told else []


def _hook(spec: PipelineSpec) -> SluiceHook:
    from sluice.hook import SluiceHook

    return SluiceHook(aws_conn_id=spec.aws.connection, region_name=spec.aws.region)


def run() -> int:
    """The command line of this process."""
    return main(sys.argv[1:], sys.stdout, sys.stderr)

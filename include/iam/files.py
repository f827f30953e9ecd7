"""`docs/iam/`: the record, the two policies, and the table that says who needs what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from include.iam.policy import Policy, execution_policy, worker_policy
from include.iam.record import Used, read_record

IAM = Path(__file__).resolve().parents[2] / "docs" / "iam"
RECORD, WORKER, EXECUTION, README = "calls.json", "worker.json", "execution-role.json", "README.md"
_TABLE = re.compile(r"(<!-- table -->\n).*(<!-- end -->)", re.DOTALL)


def policies(record: Iterable[Used]) -> dict[str, str]:
    """File name -> content of the policies."""
    kept = tuple(record)
    return {WORKER: _rendered(worker_policy(kept)), EXECUTION: _rendered(execution_policy(kept))}


def with_table(readme: str, record: Iterable[Used]) -> str:
    """The README with the table of this record between its two marks."""
    return _TABLE.sub(lambda found: found[1] + table(record) + found[2], readme)


def table(record: Iterable[Used]) -> str:
    """Each action of a worker and the tasks that need it."""
    tasks: dict[str, set[str]] = {}
    for each in record:
        tasks.setdefault(each.action, set()).update(f"`{by.partition(':')[0]}`" for by in each.by)
    rows = (f"| `{action}` | {', '.join(sorted(by))} |\n" for action, by in sorted(tasks.items()))
    return "| action | asked for by (DAG/task) |\n|---|---|\n" + "".join(rows)


def write_policies(folder: Path) -> None:
    """Everything in the folder that is made of its record."""
    record = read_record(folder / RECORD)
    for name, content in policies(record).items():
        (folder / name).write_text(content, encoding="utf-8")
    readme = folder / README
    readme.write_text(with_table(readme.read_text(encoding="utf-8"), record), encoding="utf-8")


def read_policy(path: Path) -> Policy:
    """A policy from its file."""
    policy: Policy = json.loads(path.read_text(encoding="utf-8"))
    return policy


def _rendered(policy: Policy) -> str:
    return json.dumps(policy, indent=2) + "\n"

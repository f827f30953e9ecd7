"""What Airflow's DAG processor spends on the DAG files of many specs.

    python -m benchmarks.parse [--specs 500,1000,2000] [--rounds 3]

The specs are the sample's under other names, the DAG files are the project's own. As in the DAG processor every file
is parsed in a process of its own, into a DagBag, and then its DAGs are serialised. Both are CPU time of that process,
which other work moves less than the wall clock. All modules that are not Sluice's are imported before the clock starts:
they are what Airflow itself and its providers take. Sluice's own imports count.

Beside the files stands one with as many DAGs of as many tasks as a promotion has, made of Airflow's EmptyOperator
without params, templates or specs: the least that DAGs of this size can take. Rounds are interleaved, the figures are
medians. `ms a DAG` of all files together holds those as well that read every spec for one DAG (housekeeping) or for
none (spec_problems). Linear means that a DAG of the most specs costs what one of the fewest does: a ratio of 1.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
SAMPLE = PROJECT / "dags" / "pipelines" / "breast_cancer.yaml"
EMPTY = "empty_operators.py"
EMPTY_DAGS = """
from pathlib import Path
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

for position, _ in enumerate((Path(__file__).parent / "pipelines").glob("*.yaml")):
    dag = DAG(f"empty_{{position}}", schedule="@weekly", catchup=False)
    before = None
    for number in range({tasks}):
        task = EmptyOperator(task_id=f"task_{{number}}", dag=dag)
        if before is not None:
            task.set_upstream(before)
        before = task
    globals()[dag.dag_id] = dag
"""
GOAL_MS = 5.0  # a DAG, beyond Airflow's own imports


@dataclass(frozen=True)
class Parsed:
    """One parse of one DAG file."""

    dags: int
    parse_s: float
    serialise_s: float


@dataclass(frozen=True)
class Cost:
    """What a DAG costs, in ms of CPU time."""

    parse_ms: float
    serialise_ms: float

    @property
    def whole_ms(self) -> float:
        """Both together."""
        return self.parse_ms + self.serialise_ms


def cost(files: Sequence[Parsed]) -> Cost:
    """The cost of a DAG when these files make up the folder. ValueError when they have none."""
    dags = sum(each.dags for each in files)
    if not dags:
        raise ValueError("no DAGs")
    return Cost(
        1000 * sum(each.parse_s for each in files) / dags, 1000 * sum(each.serialise_s for each in files) / dags
    )


def median_cost(rounds: Sequence[Cost]) -> Cost:
    """The medians of both parts."""
    return Cost(
        statistics.median(each.parse_ms for each in rounds), statistics.median(each.serialise_ms for each in rounds)
    )


def spec_text(sample: str, number: int) -> str:
    """The sample spec as another pipeline, with endpoints of its own."""
    return sample.replace("breast-cancer", f"pipeline-{number:05}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--specs", default="500,1000,2000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--imports", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.file:
        _parse(arguments.file, arguments.imports)
    else:
        _measure([int(count) for count in arguments.specs.split(",")], arguments.rounds)


def _measure(counts: Sequence[int], rounds: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        one = _folder(home / "one", 1, tasks=1)
        modules = home / "modules.json"
        modules.write_text("[]")
        loaded = {name for file in _files(one) for name in _child(file, modules, home)["modules"]}
        modules.write_text(json.dumps(sorted(loaded)))
        tasks = _child(one / "promotions.py", modules, home)["tasks"]
        folders = {count: _folder(home / str(count), count, tasks) for count in counts}
        measured: dict[int, list[dict[str, Parsed]]] = {count: [] for count in counts}
        for _ in range(rounds):
            for count, folder in folders.items():
                measured[count].append({file.name: _parsed(file, modules, home) for file in _files(folder)})
        _print({count: _table(each) for count, each in measured.items()}, tasks)


def _table(rounds: Sequence[dict[str, Parsed]]) -> dict[str, Cost]:
    """The medians of each file that has DAGs for each spec, of all of Sluice's files together, and of the peer."""
    of_each = [name for name, parsed in rounds[0].items() if parsed.dags > 1 and name != EMPTY]
    table = {name: median_cost([cost([each[name]]) for each in rounds]) for name in of_each}
    ours = [[parsed for name, parsed in each.items() if name != EMPTY] for each in rounds]
    return {
        **table,
        "all files": median_cost([cost(each) for each in ours]),
        EMPTY: median_cost([cost([each[EMPTY]]) for each in rounds]),
    }


def _print(tables: dict[int, dict[str, Cost]], tasks: int) -> None:
    print(f"ms of CPU time a DAG; {EMPTY}: {tasks} EmptyOperators a DAG, as many as a promotion has tasks")
    for count, table in tables.items():
        print(f"\n{count} specs {'':16} {'parsed':>8} {'serialised':>11} {'both':>8} {'both, of Airflow least':>23}")
        least = table[EMPTY].whole_ms
        for name, each in table.items():
            print(
                f"  {name:26} {each.parse_ms:8.2f} {each.serialise_ms:11.2f} {each.whole_ms:8.2f} "
                f"{each.whole_ms / least:23.2f}"
            )
    fewest, most = tables[min(tables)]["all files"], tables[max(tables)]["all files"]
    print(f"\nparsed with {min(tables)} specs: {fewest.parse_ms:.2f} ms a DAG (goal: at most {GOAL_MS:g})")
    print(
        f"a DAG of {max(tables)} specs against one of {min(tables)}: {most.parse_ms / fewest.parse_ms:.2f} parsed",
        end="",
    )
    print(f", {most.whole_ms / fewest.whole_ms:.2f} parsed and serialised")


def _folder(folder: Path, specs: int, tasks: int) -> Path:
    """A copy of `dags/` with as many specs, and the peer's file."""
    shutil.copytree(PROJECT / "dags", folder, ignore=shutil.ignore_patterns("__pycache__", "*.yaml"))
    sample = SAMPLE.read_text()
    for number in range(specs):
        (folder / "pipelines" / f"{number:05}.yaml").write_text(spec_text(sample, number))
    (folder / EMPTY).write_text(EMPTY_DAGS.format(tasks=tasks))
    return folder


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.py"))


def _parsed(file: Path, modules: Path, home: Path) -> Parsed:
    answer = _child(file, modules, home)
    return Parsed(answer["dags"], answer["parse_s"], answer["serialise_s"])


def _child(file: Path, modules: Path, home: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.parse", "--file", str(file), "--imports", str(modules)]
    done = subprocess.run(command, cwd=PROJECT, env=_environment(home), stdout=subprocess.PIPE, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _environment(home: Path) -> dict[str, str]:
    """The children's; what they import is compiled once, as it is wherever Airflow runs."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **inherited,
        "PYTHONPYCACHEPREFIX": str(home / "bytecode"),
        "PYTHONPATH": os.pathsep.join([str(PROJECT / "plugins"), os.environ.get("PYTHONPATH", "")]),
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }


def _parse(file: Path, modules: Path) -> None:
    """What the DAG processor's child does with a file; its result as JSON on the last line."""
    for name in json.loads(modules.read_text()):
        with contextlib.suppress(Exception):  # some names are only aliases that others put into sys.modules
            importlib.import_module(name)
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    began_s = time.process_time()
    bag = DagBag(dag_folder=str(file), bundle_path=file.parent)
    parsed_s = time.process_time()
    if bag.import_errors:
        sys.exit("\n".join(bag.import_errors.values()))
    for dag in bag.dags.values():
        DagSerialization.to_dict(dag)
    answer = {
        "dags": len(bag.dags),
        "tasks": max((len(dag.tasks) for dag in bag.dags.values()), default=0),
        "parse_s": parsed_s - began_s,
        "serialise_s": time.process_time() - parsed_s,
        "modules": [name for name in sys.modules if name.split(".")[0] not in ("sluice", "__main__", "benchmarks")],
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()

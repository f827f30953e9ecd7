"""The time of a promotion outside AWS's own waits, beside the same chain of the Amazon provider's operators.

    python -m benchmarks.overhead [--rounds 3]

Both bring the sample pipeline from artifacts to production on the same local SageMaker: Sluice's `promote__<pipeline>`
with its defaults, and `benchmarks.stock_chain` with the defaults of its operators and sensors (endpoints are looked at
every 30 s, the job every 60 s). They take turns, each under names of its own, and every run is a process of its own
that carries out the tasks one after the other (`dag.test()`), so that no scheduler's pace is in it. What `dag.test()`
itself loads before its first task, which is most of Airflow's API server, a DAG of one task has loaded before. A run
lasts from the start of its first task to the end of its last. AWS's own waits are what the service says of the two
endpoints and the job: from their creation until they are in service, or complete. Outside is the rest: the tasks' own
work, and the time until somebody notices that a wait is over.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.parse import SAMPLE, spec_text
from benchmarks.recommend import client
from include.demo.airflow_home import airflow_environment, migrate_database
from include.demo.local_server import local_sagemaker
from include.demo.paths import DAGS, PLUGINS, PROJECT
from include.examples.breast_cancer import train

GOAL = 0.25
STOCK_FILE = """
from pathlib import Path
from airflow.sdk import DAG
from benchmarks.stock_chain import stock_chain
from sluice.specs.folder import read_folder

for spec in read_folder(Path(__file__).parent / "pipelines").specs:
    dag: DAG = stock_chain(spec)
    globals()[dag.dag_id] = dag
"""
WARM_UP = "warm_up"
WARM_UP_FILE = f"""
from airflow.sdk import dag, task

@dag(schedule=None)
def {WARM_UP}() -> None:
    @task
    def nothing() -> None:
        return None

    nothing()

{WARM_UP}()
"""


@dataclass(frozen=True)
class Span:
    """From one moment to another, in seconds since the epoch."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class Run:
    """A run, and the spans in which AWS was at work."""

    whole: Span
    waits: tuple[Span, ...]

    @property
    def outside_s(self) -> float:
        """Seconds of the run in which AWS did nothing. Overlapping waits count once, and nothing outside the run."""
        busy_s, until_s = 0.0, self.whole.start_s
        for wait in sorted(self.waits, key=lambda each: each.start_s):
            start_s, end_s = max(wait.start_s, until_s), min(wait.end_s, self.whole.end_s)
            busy_s += max(0.0, end_s - start_s)
            until_s = max(until_s, end_s)
        return self.whole.end_s - self.whole.start_s - busy_s


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dag", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.dag:
        _carry_out(arguments.dag)
    else:
        _measure(arguments.rounds)


def _measure(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as directory, local_sagemaker(Path(directory, "data")) as url:
        home = Path(directory)
        environment = airflow_environment(home / "airflow", url) | {
            "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "PYTHONPATH": f"{PROJECT}:{PLUGINS}",
        }
        del environment["AIRFLOW__SLUICE__POLL_SECONDS"]  # the default is what is measured
        migrate_database(environment, home / "migrate.log")
        sample = train.build(home / "sample")
        measured: dict[str, list[Run]] = {"promote": [], "stock": []}
        for number in range(rounds):
            for position, (verb, runs) in enumerate(measured.items()):
                pipeline = _prepare(home / "dags", url, sample, 2 * number + position)
                runs.append(_run(f"{verb}__{pipeline.replace('-', '_')}", pipeline, url, environment))
        _print(measured)


def _print(measured: dict[str, list[Run]]) -> None:
    print(f"{'seconds, medians (least to most)':34} {'run':>22} {'of it AWS':>22} {'outside':>22}")
    for verb, runs in measured.items():
        whole = [run.whole.end_s - run.whole.start_s for run in runs]
        outside = [run.outside_s for run in runs]
        inside = [one - other for one, other in zip(whole, outside, strict=True)]
        print(f"{verb:34} " + " ".join(f"{_spread(values):>22}" for values in (whole, inside, outside)))
    pairs = zip(measured["promote"], measured["stock"], strict=True)
    ratios = [ours.outside_s / theirs.outside_s for ours, theirs in pairs]
    print(f"outside AWS's waits, of the stock chain's in the same round: {_spread(ratios)}; goal: at most {GOAL:g}")


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _prepare(dags: Path, url: str, sample: train.SamplePipeline, number: int) -> str:
    """A DAG folder with one spec, whose artifacts are in place; the pipeline's name."""
    shutil.rmtree(dags, ignore_errors=True)
    (dags / "pipelines").mkdir(parents=True)
    shutil.copy(DAGS / "promotions.py", dags)
    (dags / "stock.py").write_text(STOCK_FILE)
    (dags / "warm_up.py").write_text(WARM_UP_FILE)
    (dags / "pipelines" / "one.yaml").write_text(spec_text(SAMPLE.read_text(), number))
    pipeline = spec_text("breast-cancer", number)
    s3, bucket = client("s3", url), f"sluice-{pipeline}"
    s3.create_bucket(Bucket=bucket)
    for name in ("featurize", "predict", "label"):
        s3.upload_file(str(getattr(sample, name)), bucket, f"{name}/model.tar.gz")
    s3.upload_file(str(sample.payload), bucket, "payload/payload.tar.gz")
    return pipeline


def _run(dag_id: str, pipeline: str, url: str, environment: dict[str, str]) -> Run:
    command = [sys.executable, "-m", "benchmarks.overhead", "--dag", dag_id]
    done = subprocess.run(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, check=True)
    ended = json.loads(done.stdout.splitlines()[-1])
    if ended["state"] != "success":
        sys.exit(f"{dag_id}: {ended}")
    run = Run(Span(ended["start_s"], ended["end_s"]), tuple(_waits(client("sagemaker", url), pipeline)))
    print(f"{dag_id}: {run.outside_s:.1f} s outside AWS's waits", file=sys.stderr)
    return run


def _waits(sagemaker: Any, pipeline: str) -> Iterable[Span]:
    for endpoint in sagemaker.list_endpoints(NameContains=pipeline)["Endpoints"]:
        yield _span(endpoint["CreationTime"], endpoint["LastModifiedTime"])
    for job in sagemaker.list_inference_recommendations_jobs(NameContains=pipeline)["InferenceRecommendationsJobs"]:
        yield _span(job["CreationTime"], job["CompletionTime"])


def _span(start: datetime, end: datetime) -> Span:
    return Span(start.timestamp(), end.timestamp())


def _carry_out(dag_id: str) -> None:
    """Runs the DAG in this process; its state and times as JSON on the last line."""
    from airflow.dag_processing.dagbag import DagBag

    folder = os.environ["AIRFLOW__CORE__DAGS_FOLDER"]
    bag = DagBag(dag_folder=folder, bundle_path=Path(folder), bundle_name="dags-folder")
    bag.dags[WARM_UP].test()
    ended = bag.dags[dag_id].test()
    ran = [task for task in ended.get_task_instances() if task.start_date and task.end_date]
    times = {"start_s": min(task.start_date.timestamp() for task in ran)}
    times["end_s"] = max(task.end_date.timestamp() for task in ran)
    failed = [task.task_id for task in ran if task.state == "failed"]
    print(json.dumps({"state": str(ended.state), "failed": failed, **times}))


if __name__ == "__main__":
    main()

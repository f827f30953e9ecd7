"""One DAG for every spec in `pipelines/` that wants production's version measured again (`rebenchmark`)."""

from __future__ import annotations

from pathlib import Path

from airflow.sdk import DAG
from sluice.dag_factory import build
from sluice.plans.rebenchmark import REBENCHMARK
from sluice.specs.folder import read_folder

for spec in read_folder(Path(__file__).parent / "pipelines").specs:
    if spec.rebenchmark is not None:
        dag: DAG = build(REBENCHMARK, spec)
        globals()[dag.dag_id] = dag

"""One rollback DAG for every spec in `pipelines/`, started by hand."""

from __future__ import annotations

from pathlib import Path

from airflow.sdk import DAG
from sluice.dag_factory import build
from sluice.plans.rollback import ROLLBACK
from sluice.specs.folder import read_folder

for spec in read_folder(Path(__file__).parent / "pipelines").specs:
    dag: DAG = build(ROLLBACK, spec)
    globals()[dag.dag_id] = dag

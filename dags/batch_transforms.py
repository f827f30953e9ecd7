"""One batch DAG for every spec in `pipelines/` that says what to transform (`batch`)."""

from __future__ import annotations

from pathlib import Path

from airflow.sdk import DAG
from sluice.dag_factory import build
from sluice.plans.batch_transform import BATCH_TRANSFORM
from sluice.specs.folder import read_folder

for spec in read_folder(Path(__file__).parent / "pipelines").specs:
    if spec.batch is not None:
        dag: DAG = build(BATCH_TRANSFORM, spec)
        globals()[dag.dag_id] = dag

"""One promotion DAG for every spec in `pipelines/`.

A spec that cannot be used is left out here; `spec_problems.py` reports it, since Airflow takes all DAGs of a file away
when the file has an import error.
"""

from __future__ import annotations

from pathlib import Path

from airflow.sdk import DAG
from sluice.dag_factory import build
from sluice.plans.promotion import PROMOTION
from sluice.specs.folder import read_folder

for spec in read_folder(Path(__file__).parent / "pipelines").specs:
    dag: DAG = build(PROMOTION, spec)
    globals()[dag.dag_id] = dag

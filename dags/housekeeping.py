"""One DAG that tidies up after all specs in `pipelines/`."""

from __future__ import annotations

from pathlib import Path

from airflow.sdk import DAG
from sluice.dag_factory import build_housekeeping
from sluice.specs.folder import read_folder

dag: DAG = build_housekeeping(read_folder(Path(__file__).parent / "pipelines").specs)

"""Shows every spec in `pipelines/` that cannot be used as an import error in Airflow, and defines no DAG.

It is a file of its own so that the DAGs of the other specs, in `promotions.py`, go on running.
"""

from __future__ import annotations

from pathlib import Path

from sluice.specs.folder import read_folder

read_folder(Path(__file__).parent / "pipelines").raise_errors()

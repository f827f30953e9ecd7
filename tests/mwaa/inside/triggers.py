"""Imports all of `sluice` with the plugins folder alone on the path, as a triggerer has it, and lists its triggers."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
from pathlib import Path

from airflow.triggers.base import BaseTrigger  # importing Airflow puts its plugins folder on the path

home = Path(os.environ["AIRFLOW_HOME"])
sys.path = [each for each in sys.path if Path(each or ".").resolve() != (home / "dags").resolve()]

import sluice  # noqa: E402

found = set()
for each in pkgutil.walk_packages(sluice.__path__, "sluice."):
    if not each.name.endswith("__main__"):
        found |= {value for value in vars(importlib.import_module(each.name)).values() if isinstance(value, type)}
triggers = [kind for kind in found if issubclass(kind, BaseTrigger) and kind.__module__.startswith("sluice.")]
sys.stdout.write(
    "\n"
    + json.dumps(
        {
            "triggers": sorted(f"{kind.__module__}.{kind.__qualname__}" for kind in triggers),
            "own_path": [each for each in sys.path if each.startswith(str(home))],
        }
    )
)

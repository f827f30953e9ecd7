"""The bundle unpacked as MWAA does it, and MWAA's versions of Airflow and the Amazon provider (`make test-mwaa`).

MWAA unpacks plugins.zip into $AIRFLOW_HOME/plugins, copies the bucket's dags/ to $AIRFLOW_HOME/dags, and protects
AIRFLOW_HOME and PYTHONPATH from being set (aws/amazon-mwaa-docker-images, `mwaa/config/setup_environment.py`). So what
runs in here has no PYTHONPATH, no checkout, and Airflow's own folders alone. These tests run on the project's
interpreter and start the other one; where none is named, they are not collected.
"""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from include.mwaa.bundle import write_bundle
from tests.conftest import PROJECT

INTERPRETER = os.environ.get("SLUICE_MWAA_PYTHON")
BOUND_S = 300.0
INSIDE = Path(__file__).parent / "inside"
collect_ignore_glob = [] if INTERPRETER else ["test_*.py"]


class Environment:
    """An unpacked environment."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, script: str, *arguments: str) -> Any:
        """What one of the scripts in `inside/` prints as the last line, which is JSON."""
        assert INTERPRETER is not None
        shown = {"PATH": os.environ["PATH"], "HOME": str(self.home), "AIRFLOW_HOME": str(self.home)}
        shown |= {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AWS_DEFAULT_REGION": "us-east-1"}
        ended = subprocess.run(
            # -P: a script's own folder would be on the path otherwise
            [INTERPRETER, "-P", str(INSIDE / f"{script}.py"), *arguments],
            cwd=self.home,
            env=shown,
            capture_output=True,
            text=True,
            timeout=BOUND_S,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-4000:]
        return json.loads(ended.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def mwaa(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    bucket, home = tmp_path_factory.mktemp("bucket"), tmp_path_factory.mktemp("airflow")
    write_bundle(PROJECT, bucket)
    with zipfile.ZipFile(bucket / "plugins.zip") as zipped:
        zipped.extractall(home / "plugins")
    (bucket / "dags").rename(home / "dags")
    return Environment(home)

"""An Airflow home in the checkout: which environment its processes get, and its database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from include.demo.paths import DAGS, PLUGINS, PROJECT

REGION = "us-east-1"


def connection_to(url: str) -> str:
    """The Airflow connection that makes the DAGs talk to the local SageMaker: the only difference to AWS."""
    return json.dumps(
        {
            "conn_type": "aws",
            "login": "local",
            "password": "local",
            "extra": {"endpoint_url": url, "region_name": REGION},
        }
    )


def airflow_environment(home: Path, sagemaker_url: str) -> dict[str, str]:
    """The environment of every Airflow process: this checkout's dags and plugins, SQLite, no example DAGs."""
    scripts = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": scripts + os.pathsep + os.environ.get("PATH", ""),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PLUGINS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__SLUICE__POLL_SECONDS": "1",
        "AIRFLOW_CONN_AWS_DEFAULT": connection_to(sagemaker_url),
    }


def migrate_database(environment: dict[str, str], log: Path) -> None:
    """Create or upgrade Airflow's database. Raises CalledProcessError; what Airflow said is in `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT, check=True,
        )  # fmt: skip

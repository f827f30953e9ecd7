"""Parses the DAG folder without a network, and says what came of it."""

from __future__ import annotations

import json
import os
import socket
import sys
from importlib.metadata import version
from pathlib import Path


def no_network(*_: object, **__: object) -> None:
    raise OSError("there is no network while DAGs are parsed")


socket.socket.connect = socket.socket.connect_ex = no_network  # type: ignore[assignment,method-assign]
socket.getaddrinfo = no_network  # type: ignore[assignment]

from airflow import plugins_manager  # noqa: E402
from airflow.dag_processing.dagbag import DagBag  # noqa: E402

home = Path(os.environ["AIRFLOW_HOME"])
bag = DagBag(dag_folder=str(home / "dags"))
plugins_manager.ensure_plugins_loaded()

import sluice  # noqa: E402

sys.stdout.write(
    "\n"
    + json.dumps(
        {
            "python": ".".join(map(str, sys.version_info[:2])),
            "airflow": version("apache-airflow"),
            "provider": version("apache-airflow-providers-amazon"),
            "dags": sorted(bag.dags),
            "errors": bag.import_errors,
            "plugin_errors": {str(file): str(error) for file, error in plugins_manager.get_import_errors().items()},
            "plugins": [each["name"] for each in plugins_manager.get_plugin_info()],
            "sluice": str(Path(str(sluice.__file__)).relative_to(home)),
        }
    )
)

"""Sluice as Amazon MWAA runs it: other versions of Airflow and the provider, and nothing but what was uploaded."""

from __future__ import annotations

import inspect
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag
from airflow.triggers.base import BaseTrigger
from sluice import triggers

from include.mwaa.bundle import AIRFLOW, PYTHON
from tests.conftest import PROJECT
from tests.mwaa.conftest import Environment


def test_every_dag_is_there_without_a_network_and_the_plugin_loads(mwaa: Environment) -> None:
    parsed = mwaa.run("parse")
    assert (parsed["python"], parsed["airflow"], parsed["provider"]) == (PYTHON, AIRFLOW, "9.34.0")
    assert (parsed["errors"], parsed["plugin_errors"]) == ({}, {})
    assert parsed["dags"] == sorted(DagBag(dag_folder=str(PROJECT / "dags")).dags)
    assert "sluice" in parsed["plugins"]
    assert Path(parsed["sluice"]) == Path("plugins/sluice/__init__.py")


def test_a_triggerer_without_dags_can_import_every_trigger(mwaa: Environment) -> None:
    imported = mwaa.run("triggers")
    known = [kind for kind in vars(triggers).values() if inspect.isclass(kind) and issubclass(kind, BaseTrigger)]
    own = {f"{kind.__module__}.{kind.__qualname__}" for kind in known if kind.__module__.startswith("sluice.")}
    assert own and own <= set(imported["triggers"])
    assert str(mwaa.home / "plugins") in imported["own_path"]
    assert str(mwaa.home / "dags") not in imported["own_path"]


def test_the_first_tasks_of_a_promotion_run(mwaa: Environment) -> None:
    ran = mwaa.run("operators", str(PROJECT))
    assert (ran["status"], ran["created"], len(ran["waits"])) == ("InService", True, 1)

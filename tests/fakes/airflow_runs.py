"""DAG runs as Airflow's own scheduler makes them of asset events, carried out in this process by `dag.test()`."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import airflow.models.dagrun
import pytest
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.asset import AssetDagRunQueue, AssetEvent, AssetModel
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.trigger import Trigger
from airflow.triggers.base import TriggerEvent
from airflow.utils.session import create_session
from sqlalchemy import select, update

LOCAL_BUNDLE = "airflow.dag_processing.bundles.local.LocalDagBundle"
WAIT_S = 30.0
"""For a message that is in the queue already."""


class Airflow:
    """The DAGs of one folder in Airflow's database, none paused."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        bundle = [{"name": folder.name, "classpath": LOCAL_BUNDLE, "kwargs": {"path": str(folder)}}]
        monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps(bundle))
        self._monkeypatch = monkeypatch
        manager = DagBundlesManager()  # type: ignore[no-untyped-call]  # Airflow's
        manager.sync_bundles_to_db()
        self.bag = BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name=folder.name)
        assert self.bag.import_errors == {}
        for _ in range(2):  # an asset is watched once its DAG is known not to be paused
            sync_bag_to_db(self.bag, folder.name, None)
            with create_session() as session:
                session.execute(update(DagModel).where(DagModel.dag_id.in_(self.bag.dags)).values(is_paused=False))

    def by_hand(self, dag_id: str) -> EndedRun:
        """A run that nobody asked for anything."""
        return EndedRun(self.bag.dags[dag_id].test(logical_date=datetime.now(UTC)))

    def by_assets(self, dag_id: str) -> EndedRun:
        """The run that the scheduler makes of the asset events since the last one."""
        with create_session() as session:
            known = DagModel.get_dagmodel(dag_id, session=session)
            assert known is not None and self.is_due(dag_id), "no asset event has asked for a run"
            before = set(session.scalars(select(DagRun.run_id).where(DagRun.dag_id == dag_id)))
            scheduler = SchedulerJobRunner(job=Job())  # type: ignore[no-untyped-call]  # Airflow's
            scheduler._create_dag_runs_asset_triggered(dag_models=[known], session=session)
            session.flush()
            (run_id,) = set(session.scalars(select(DagRun.run_id).where(DagRun.dag_id == dag_id))) - before

        def the_scheduler_s(*, dag: Any, session: Any, **_: Any) -> DagRun:
            run: DagRun = session.scalar(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
            run.dag, run.state, run.start_date = dag, "running", datetime.now(UTC)
            session.commit()
            return run

        with self._monkeypatch.context() as patch:
            patch.setattr(airflow.models.dagrun, "get_or_create_dagrun", the_scheduler_s)
            return EndedRun(self.bag.dags[dag_id].test(logical_date=datetime.now(UTC)))

    def is_due(self, dag_id: str) -> bool:
        """Whether asset events ask for a run of a DAG that has not begun."""
        with create_session() as session:
            asked = select(AssetDagRunQueue).where(AssetDagRunQueue.target_dag_id == dag_id)
            return session.scalar(asked) is not None

    def watch(self, asset: str) -> None:
        """What the triggerer does with the trigger of an asset's watcher, until it fires."""
        with create_session() as session:
            watched = session.scalars(select(AssetModel).where(AssetModel.name == asset)).one()
            (found,) = watched.triggers
            module, _, name = found.classpath.rpartition(".")
            trigger_id, trigger = found.id, getattr(import_module(module), name)(**found.kwargs)
        Trigger.submit_event(trigger_id, asyncio.run(_first_event(trigger)))


async def _first_event(trigger: Any) -> TriggerEvent:
    event: TriggerEvent = await asyncio.wait_for(anext(trigger.run()), WAIT_S)
    return event


class EndedRun:
    """A run that has ended: its state, and its tasks' states and results."""

    def __init__(self, ended: Any) -> None:
        tasks = {task.task_id: task for task in ended.get_task_instances()}
        self.run_id, self.state = str(ended.run_id), str(ended.state)
        self.states = {task_id: str(task.state) for task_id, task in tasks.items()}
        self.results = {task_id: task.xcom_pull(task_ids=task_id) for task_id, task in tasks.items()}


def events_of(asset: str) -> list[dict[str, Any]]:
    """The extras of an asset's events, oldest first."""
    with create_session() as session:
        found = select(AssetEvent.extra).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
        return list(session.scalars(found.where(AssetModel.name == asset).order_by(AssetEvent.id)))

"""A run that a person marks as failed in Airflow: what it has made goes, and the run stays failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.api.common.mark_tasks import set_dag_run_state_to_failed
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.serialized_objects import DagSerialization, LazyDeserializedDAG
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sluice.dag_factory import build
from sluice.plans.promotion import PROMOTION

from tests.fakes.specs import a_spec

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("airflow_database")]

BEFORE_THE_JOB = ("preflight", "register_package", "create_model")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class ScheduledRun:
    """A run as the scheduler sees it; no task really runs."""

    def __init__(self, session: Any, dag: Any) -> None:
        from airflow.models.serialized_dag import SerializedDagModel

        self.session = session
        self.dag: Any = DagSerialization.from_dict(DagSerialization.to_dict(dag))
        DagBundlesManager().sync_bundles_to_db(session=session)  # type: ignore[no-untyped-call]  # Airflow's
        session.commit()
        SerializedDAG.bulk_write_to_db("dags-folder", None, [dag], session=session)
        SerializedDagModel.write_dag(LazyDeserializedDAG.from_dag(dag), bundle_name="dags-folder", session=session)
        session.commit()
        self.run: Any = self.dag.create_dagrun(
            run_id="by_hand",
            logical_date=NOW,
            data_interval=(NOW, NOW),
            run_after=NOW,
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.RUNNING,
            session=session,
        )

    def come_to(self, **states: str) -> None:
        for task in self.run.get_task_instances(session=self.session):
            task.state = states.get(task.task_id, task.state)
        self.session.commit()

    def next(self) -> list[str]:
        """What the scheduler would start now."""
        self.session.expire_all()
        self.run.dag = self.dag
        ready, _ = self.run.update_state(session=self.session)
        self.session.commit()
        return [task.task_id for task in ready]


@contextmanager
def scheduled(pipeline: str) -> Iterator[ScheduledRun]:
    with create_session() as session:
        yield ScheduledRun(session, build(PROMOTION, a_spec(pipeline=pipeline, staging__after_gate="delete")))


@pytest.mark.parametrize("during", ["deploy_staging", "recommend"])
def test_the_staging_endpoint_goes_and_the_run_does_not_turn_green(during: str) -> None:
    with scheduled(f"ended-in-{during.replace('_', '-')}") as run:
        done = (*BEFORE_THE_JOB, *(("deploy_staging",) if during == "recommend" else ()))
        run.come_to(**dict.fromkeys(done, "success"), **{during: "running"})
        set_dag_run_state_to_failed(dag=run.dag, run_id="by_hand", commit=True, session=run.session)
        assert run.next() == ["delete_staging"]
        run.come_to(delete_staging="success")
        assert run.next() == ["outcome"]
        run.come_to(outcome="failed")
        assert run.next() == [] and run.run.state == "failed"


def test_a_failure_in_the_middle_leaves_neither_the_endpoint_nor_the_report_out() -> None:
    with scheduled("broke-off") as run:
        run.come_to(**dict.fromkeys((*BEFORE_THE_JOB, "deploy_staging"), "success"), recommend="failed")
        # What comes after becomes upstream-failed one task at a time.
        started = {task for _ in PROMOTION.plan(a_spec(), 1.0) for task in run.next()}
        assert started == {"delete_staging", "reject"}
        run.come_to(delete_staging="failed", reject="success", report="success")
        assert run.next() == ["outcome"]

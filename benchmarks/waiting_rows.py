"""Writes a run whose tasks have all deferred into the database of an Airflow, by whose environment it is run.

    python -m benchmarks.waiting_rows sluice|stock COUNT

The rows are what the scheduler leaves when so many tasks wait at once: a task instance in the state `deferred` and its
trigger each. On standard output: how many there are, as JSON by state.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.trigger import Trigger
from airflow.providers.amazon.aws.triggers.sagemaker import SageMakerTrigger
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sluice.triggers import WorkEnded
from sluice.waiting.polling import Pace
from sluice.waiting.remote_work import Kind, Wait

BUNDLE = "dags-folder"
DAG_FILE = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("waiting", schedule=None) as dag:
    for number in range({count}):
        EmptyOperator(task_id=f"deploy_{{number}}")
"""


def trigger(who: str, endpoint: str) -> Any:
    """What a task that deploys to an endpoint defers with: Sluice's, and the Amazon provider's with its defaults."""
    if who == "stock":
        return SageMakerTrigger(job_name=endpoint, job_type="endpoint")
    pace = Pace(expected_s=300.0, timeout_s=3600.0)
    wait = Wait(kind=Kind.ENDPOINT, name=endpoint, since=time.time(), pace=pace)
    return WorkEnded.of(wait, {"aws_conn_id": "aws_default"})


def write(who: str, count: int) -> dict[str, int]:
    """Numbers of task instances by state."""
    folder = Path(conf.get("core", "dags_folder"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "waiting.py").write_text(DAG_FILE.format(count=count))
    DagBundlesManager().sync_bundles_to_db()  # type: ignore[no-untyped-call]  # Airflow's
    sync_bag_to_db(BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name=BUNDLE), BUNDLE, None)
    now = datetime.now(UTC)
    with create_session() as session:
        dag: Any = DBDagBag().get_latest_version_of_dag("waiting", session=session)
        run: DagRun = dag.create_dagrun(
            run_id="waiting",
            run_after=now,
            run_type=DagRunType.MANUAL,
            state=DagRunState.RUNNING,
            triggered_by=DagRunTriggeredByType.TEST,
            session=session,
        )
        for task in run.get_task_instances(session=session):
            row = Trigger.from_object(trigger(who, task.task_id.replace("_", "-")))
            session.add(row)
            session.flush()
            task.state, task.trigger_id, task.start_date = TaskInstanceState.DEFERRED, row.id, now
        session.flush()
        return dict(Counter(str(task.state) for task in run.get_task_instances(session=session)))


if __name__ == "__main__":
    print(json.dumps(write(sys.argv[1], int(sys.argv[2]))))

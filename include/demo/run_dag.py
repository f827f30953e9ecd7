"""Run one DAG run of this checkout in this process, with Airflow's own task runner, and tell the parent how it goes.

`python -m include.demo.run_dag DAG_ID CONF_JSON PROGRESS_FD`: each change of a task is a JSON line on PROGRESS_FD.
Exit status 0 when the DAG run succeeded, 1 when it failed.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.listeners import hookimpl
from airflow.sdk.listener import get_listener_manager
from airflow.utils.state import DagRunState

from include.demo.paths import DAGS


class Progress:
    """An Airflow listener that writes task changes as JSON lines."""

    def __init__(self, descriptor: int) -> None:
        self._out = os.fdopen(descriptor, "w", buffering=1)

    def tell(self, **change: Any) -> None:
        """One JSON line."""
        self._out.write(json.dumps(change) + "\n")

    @hookimpl
    def on_task_instance_running(self, previous_state: Any, task_instance: Any) -> None:
        """A task started, or came back from waiting."""
        self.tell(task=task_instance.task_id, state="running")

    @hookimpl
    def on_task_instance_success(self, previous_state: Any, task_instance: Any) -> None:
        """A task succeeded."""
        self.tell(task=task_instance.task_id, state="success")

    @hookimpl
    def on_task_instance_skipped(self, previous_state: Any, task_instance: Any) -> None:
        """A task was skipped."""
        self.tell(task=task_instance.task_id, state="skipped")

    @hookimpl
    def on_task_instance_failed(self, previous_state: Any, task_instance: Any, error: Any) -> None:
        """A task failed; its error goes along."""
        self.tell(task=task_instance.task_id, state="failed", error=str(error))


def main(dag_id: str, conf: str, progress_fd: str) -> int:
    """See the module's text."""
    progress = Progress(int(progress_fd))
    get_listener_manager().add_listener(progress)  # type: ignore[no-untyped-call]  # Airflow types it in part
    bag = DagBag(dag_folder=str(DAGS))
    dag = bag.dags.get(dag_id)
    if dag is None:
        errors = "\n".join(bag.import_errors.values()) or f"known: {sorted(bag.dags)}"
        print(f"there is no DAG {dag_id} in {DAGS}: {errors}", file=sys.stderr)
        return 1
    run = dag.test(run_conf=json.loads(conf))
    progress.tell(states={task.task_id: str(task.state) for task in run.get_task_instances()})
    return 0 if run.state == DagRunState.SUCCESS else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))

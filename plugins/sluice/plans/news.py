"""Which tasks of a DAG tell people: keyword arguments that a step's operator is given for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sluice.fields.typed import plain
from sluice.notifier import SluiceNotifier, callbacks
from sluice.specs.notify import Event
from sluice.specs.pipeline import PipelineSpec

if TYPE_CHECKING:
    from airflow.sdk.definitions.deadline import DeadlineAlert


def tells_outcome(spec: PipelineSpec) -> dict[str, Any]:
    """For the last task that always runs: what its result says of the run, and its own failure."""
    told = callbacks(spec)
    return {"on_success_callback": told, **tells_failure(spec)} if told else {}


def tells_failure(spec: PipelineSpec) -> dict[str, Any]:
    """For a task after which no other tells: its own failure, once its retries are used up."""
    told = callbacks(spec, event=Event.FAILED)
    return {"on_failure_callback": told} if told else {}


def tells_who_may_approve(spec: PipelineSpec, told_by: str) -> dict[str, Any]:
    """For the task that waits for a person; `told_by` is the task whose decision they are asked about."""
    told = callbacks(spec, event=Event.WAITING_FOR_APPROVAL, told_by=told_by)
    return {"notifiers": told} if told else {}


def tells_finding(spec: PipelineSpec, told_by: str) -> dict[str, Any]:
    """For the task that runs when something was found; `told_by` is the task that has found it."""
    told = callbacks(spec, event=Event.FINDING, told_by=told_by)
    return {"on_success_callback": told, **tells_failure(spec)} if told else {}


def deadline(spec: PipelineSpec) -> DeadlineAlert | None:
    """The DAG's deadline, counted from when a run is queued. The triggerer tells, which can import what is here."""
    if spec.deadline_minutes is None:
        return None
    from airflow.sdk.definitions.callback import AsyncCallback
    from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

    told = {"pipeline": spec.pipeline, "channels": plain(spec.notify), "event": Event.LATE.value}
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=spec.deadline_minutes),
        callback=AsyncCallback(SluiceNotifier, {**told, "connection": spec.aws.connection}),
    )

"""Tells people through Airflow's own notifiers. What cannot be sent is told in the log and changes nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf
from airflow.sdk import BaseNotifier

from sluice.fields.typed import build
from sluice.notice import UNTOLD, Notice, Run, event_of, notice_of
from sluice.specs.notify import Event, NotifySpec, SlackChannel, SnsChannel
from sluice.specs.pipeline import PipelineSpec

if TYPE_CHECKING:
    from airflow.sdk import Context


class SluiceNotifier(BaseNotifier):
    """Tells the channels of a spec what became of a run; a callback of a task, or a notifier of `HITLOperator`.

    Runs where the task runs, and never raises: what goes wrong is an error in the task's log.

    :param pipeline: name of the pipeline
    :param channels: the spec's `notify`, or the same as plain data
    :param event: what has happened; by the `outcome` in the task's result when None
    :param told_by: task whose result says more; the one that this is a callback of when None
    :param connection: Airflow connection of SNS topics that name none
    """

    def __init__(
        self,
        *,
        pipeline: str,
        channels: Sequence[NotifySpec | Mapping[str, Any]],
        event: Event | str | None = None,
        told_by: str | None = None,
        connection: str | None = None,
        context: Context | None = None,
    ) -> None:
        super().__init__(**({} if context is None else {"context": context}))
        self.pipeline = pipeline
        self.channels = tuple(each if isinstance(each, NotifySpec) else build(NotifySpec, each) for each in channels)
        self.event = None if event is None else Event(event)
        self.told_by = told_by
        self.connection = connection

    def notify(self, context: Context) -> None:
        """Send to every channel that is for this event."""
        for channel, notifier in self._notifiers(context):
            try:
                # Not called as a template would be: what containers and people have said is no Jinja.
                notifier.notify(context)
            except Exception as error:
                self._could_not(channel, error)
            else:
                self.log.info("told %s", channel)

    async def async_notify(self, context: Context) -> None:
        """The same in the triggerer, where deadlines are told."""
        for channel, notifier in self._notifiers(context):
            try:
                await notifier.async_notify(context)
            except Exception as error:
                self._could_not(channel, error)
            else:
                self.log.info("told %s", channel)

    def _notifiers(self, context: Context) -> Iterator[tuple[object, BaseNotifier]]:
        """Channel and Airflow's notifier, for all that are for this event and can be made."""
        try:
            notice = self._notice(context)
        except Exception as error:
            self._could_not("anybody", error)
            return
        for spec in self.channels if notice else ():
            if notice is None or notice.event not in spec.on:
                continue
            try:
                yield spec.channel, airflows_notifier(spec, notice, self.connection)
            except Exception as error:
                self._could_not(spec.channel, error)

    def _could_not(self, channel: object, error: Exception) -> None:
        kind = type(error).__name__
        self.log.error("could not tell %s, and nothing else changes for it: %s: %s", channel, kind, error)

    def _notice(self, context: Context) -> Notice | None:
        result = self._result(context)
        event = self.event or event_of(result)
        if event is None:
            self.log.info("nobody is told of a run that ended as %s", result.get("outcome"))
            return None
        dag_id, run_id = _run_in(context)
        run = Run(dag_id=dag_id, run_id=run_id, base_url=conf.get("api", "base_url", fallback=None))
        return notice_of(event, self.pipeline, run, result)

    def _result(self, context: Context) -> Mapping[str, Any]:
        if self.event is Event.LATE:
            deadline: Any = context.get("deadline") or {}
            return {"reason": f"it should have ended by {deadline.get('deadline_time', 'now')}"}
        ti = context["ti"]
        if self.event is Event.FAILED:
            error = context.get("exception")
            return {"failures": [{"task": ti.task_id, "message": str(error) if error else UNTOLD}]}
        result = ti.xcom_pull(task_ids=self.told_by or ti.task_id)
        return result if isinstance(result, Mapping) else {}


def _run_in(context: Context) -> tuple[str, str]:
    """DAG and run. A deadline's context has no task, and its run is plain data as the REST API has it."""
    if "ti" in context:
        return context["ti"].dag_id, context["ti"].run_id
    run: Any = context["dag_run"]
    return run["dag_id"], run["dag_run_id"]


def airflows_notifier(spec: NotifySpec, notice: Notice, connection: str | None) -> BaseNotifier:
    """Airflow's notifier of a channel, with the notice in it. ImportError when its provider is missing."""
    channel = spec.channel
    if isinstance(channel, SnsChannel):
        from airflow.providers.amazon.aws.notifications.sns import SnsNotifier

        return SnsNotifier(
            aws_conn_id=channel.connection or connection,
            target_arn=channel.topic_arn,
            region_name=channel.region,
            subject=notice.subject,
            message=notice.text,
        )
    if isinstance(channel, SlackChannel):
        from airflow.providers.slack.notifications.slack import SlackNotifier

        slack: BaseNotifier = SlackNotifier(
            slack_conn_id=channel.connection, channel=channel.channel, text=notice.text, username="Sluice"
        )
        return slack
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    return SmtpNotifier(
        smtp_conn_id=channel.connection, to=list(channel.to), subject=notice.subject, html_content=notice.html
    )


def callbacks(spec: PipelineSpec, **given: Any) -> list[SluiceNotifier]:
    """One notifier for all of the spec's channels, as a list for an operator's callbacks; empty without channels."""
    if not spec.notify:
        return []
    return [SluiceNotifier(pipeline=spec.pipeline, channels=spec.notify, connection=spec.aws.connection, **given)]

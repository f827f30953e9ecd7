"""What operators share that wait for AWS: in the triggerer or in the worker, with the same looks and the same end."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.bases.operator import TRIGGER_FAIL_REPR, TriggerFailureReason

from sluice.errors import WaitRefused
from sluice.operators.base import SluiceOperator, telling_failures
from sluice.refusals.meaning import CALL_FAILED, passes_by_itself
from sluice.triggers import WorkEnded
from sluice.waiting.polling import LEAST_S, Pace
from sluice.waiting.remote_work import CALLS, JOBS, Kind, Wait
from sluice.waiting.watch import REFUSED, End, Watch

if TYPE_CHECKING:
    from airflow.sdk import Context

GRACE = timedelta(minutes=10)
"""Ours: how much longer than the wait itself Airflow waits for the triggerer, before a worker looks for itself."""


class WaitingOperator(SluiceOperator):
    """An operator that starts something, or finds it, and waits for it.

    :param poll_s: shortest time between two looks, in seconds; they grow apart where the end is far away (templated)
    :param timeout_s: seconds after which the wait ends; Airflow's `execution_timeout` bounds each wait as well
        (templated)
    :param deferrable: False waits in the worker, which holds a slot, instead of the triggerer
    """

    kind: ClassVar[Kind]
    template_fields = aws_template_fields("poll_s", "timeout_s")

    def __init__(
        self, *, poll_s: float | str = LEAST_S, timeout_s: float | str = 3600.0, deferrable: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.poll_s = poll_s
        self.timeout_s = timeout_s
        self.deferrable = deferrable
        self.now: Callable[[], float] = time.time
        self.sleep: Callable[[float], object] = time.sleep
        self._under_way: str | None = None
        """Name of what this process has started or waits for."""
        self._is_killed = False

    @property
    def patience_s(self) -> float:
        """Seconds that the work may take."""
        return float(self.timeout_s)

    @property
    def expected_s(self) -> float:
        """Seconds that the work takes as a rule."""
        return CALLS[self.kind].expected_s

    def when_given_up(self, context: Context) -> Any:
        """No triggerer took the wait up, and its time is over: conclude from what AWS says now."""
        raise NotImplementedError

    def wait_for(self, name: str, since: float | None, then: Callable[[Context, End], Any], context: Context) -> Any:
        """Wait, and go on in the method `then`. `since` is when the work began (epoch seconds); now when None."""
        self._under_way = name
        return self._wait_out(self._wait(self.kind, self.expected_s, name, since), then, context)

    def wait_until_free(self, endpoint: str, then: Callable[[Context, End], Any], context: Context) -> Any:
        """Wait until an endpoint that somebody else, or AWS itself, is busy with is at rest; then as `wait_for`."""
        kind = Kind.ENDPOINT
        return self._wait_out(self._wait(kind, CALLS[kind].expected_s, endpoint, None), then, context)

    def _wait_out(self, wait: Wait, then: Callable[[Context, End], Any], context: Context) -> Any:
        self.log.info("waiting for %s, until %g s after it began at most", wait, wait.pace.timeout_s)
        if self.deferrable:
            left_s = wait.since + wait.pace.timeout_s - self.now()
            timeout = timedelta(seconds=max(0.0, left_s)) + GRACE
            self.defer(trigger=WorkEnded.of(wait, self.connection), method_name=then.__name__, timeout=timeout)
        return then(context, self._watch(wait))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Go on after a wait, also after one that no triggerer took up in time."""
        error = (next_kwargs or {}).get("error")
        if next_method == TRIGGER_FAIL_REPR and error == TriggerFailureReason.TRIGGER_TIMEOUT:
            self.log.warning("no triggerer told the end of the wait in time, so this worker looks for itself")
            with telling_failures(context):
                return self.when_given_up(context)
        return super().resume_execution(next_method, next_kwargs, context)

    def on_kill(self) -> None:
        """Stop what can be stopped, and tell what cannot, when the task is killed while a worker has it."""
        self._is_killed = True
        if self._under_way is None:
            return
        if self.kind not in JOBS:
            self.log.warning("%s %s goes on: AWS lets nobody stop it", self.kind.value, self._under_way)
        elif self.hook.stop_job(self.kind, self._under_way):
            self.log.info("stopped %s %s", self.kind.value, self._under_way)

    def _wait(self, kind: Kind, expected_s: float, name: str, since: float | None) -> Wait:
        now = self.now()
        began = now if since is None else min(since, now)
        pace = Pace(expected_s=expected_s, timeout_s=self.patience_s, least_s=float(self.poll_s))
        if self.execution_timeout is not None:
            # Airflow bounds what a worker does by it, and not what the triggerer waits.
            pace = pace.within(now - began + self.execution_timeout.total_seconds())
        return Wait(kind=kind, name=name, since=began, pace=pace)

    def _watch(self, wait: Wait) -> End:
        watch = Watch(wait)
        while (pause_s := watch.until_next_look_s(self.now())) is not None:
            self.sleep(pause_s)
            try:
                end = watch.saw(self.hook.find_work(wait.kind, wait.name))
            except CALL_FAILED as error:
                end = watch.failed(error, passes=passes_by_itself(error))
                self.log.warning("look %d at %s failed: %s", watch.looks, wait, error)
            if end is not None:
                return end
        return watch.out_of_time()

    def refuse_to_guess(self, event: End) -> None:
        """Raise WaitRefused when the wait ended because AWS would not tell."""
        if event["how"] == REFUSED:
            raise WaitRefused(f"{self.kind.value} {event['name']}", event["message"])

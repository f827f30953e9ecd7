"""The wait that holds no worker slot: one trigger for all that AWS does by itself.

It tells that something is over, never that it ended well. What became of it is asked of AWS again by the operator,
because "InService" alone does not say which config is in service.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any
from weakref import WeakKeyDictionary

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from sluice.hook import SluiceHook
from sluice.refusals.errors import ServiceRefused
from sluice.refusals.meaning import CALL_FAILED, passes_by_itself, refusals_as_ours, says_not_there
from sluice.waiting.polling import Pace
from sluice.waiting.remote_work import CALLS, JOBS, Kind, Wait, WorkState
from sluice.waiting.shared_clients import SharedClients
from sluice.waiting.watch import End, Watch

STOP_RETRY_S = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further try to stop. Airflow gives `on_kill` 30 s (`[triggerer] on_kill_timeout`) in all."""

_CLIENTS: WeakKeyDictionary[asyncio.AbstractEventLoop, SharedClients] = WeakKeyDictionary()
"""Of each event loop. Airflow makes every trigger anew from its arguments, so that the loop is all that they share."""


class WorkEnded(BaseTrigger):
    """Fires when the work is over, the time is up, or AWS refuses to tell; see :class:`~sluice.waiting.watch.End`.

    Throttling and lost connections are told in the log and looked past. `since` is when the work began, so a triggerer
    that takes the wait over goes on where the other one was. When a user ends the waiting task, the work is stopped,
    where AWS can stop it.

    :param kind: which kind of work, as :class:`~sluice.waiting.remote_work.Kind` spells it
    :param name: name or ARN of the work
    :param since: when it began, in seconds since the epoch
    :param expected_s: seconds that it takes as a rule
    :param timeout_s: seconds after which the wait ends, counted from `since`
    :param least_s: shortest time between two looks, in seconds
    :param aws_conn_id: Airflow connection, as for the operator; so are the others
    """

    def __init__(
        self,
        *,
        kind: str,
        name: str,
        since: float,
        expected_s: float,
        timeout_s: float,
        least_s: float,
        **connection: Any,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's
        pace = Pace(expected_s=expected_s, timeout_s=timeout_s, least_s=least_s)
        self.wait = Wait(kind=Kind(kind), name=name, since=since, pace=pace)
        self.connection = connection
        self.now: Callable[[], float] = time.time
        self.sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    @classmethod
    def of(cls, wait: Wait, connection: dict[str, Any]) -> WorkEnded:
        """The trigger for a wait, with the connection's parameters as the operator has them."""
        pace = wait.pace
        return cls(
            kind=wait.kind.value,
            name=wait.name,
            since=wait.since,
            expected_s=pace.expected_s,
            timeout_s=pace.timeout_s,
            least_s=pace.least_s,
            **connection,
        )

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Path and arguments, from which a triggerer makes the same again."""
        pace = self.wait.pace
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "kind": self.wait.kind.value,
            "name": self.wait.name,
            "since": self.wait.since,
            "expected_s": pace.expected_s,
            "timeout_s": pace.timeout_s,
            "least_s": pace.least_s,
            **{key: value for key, value in self.connection.items() if value is not None},
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until it is over."""
        yield TriggerEvent(await self._watch())  # type: ignore[no-untyped-call]  # Airflow's

    async def on_kill(self) -> None:
        """Stop the work: it costs money for as long as it runs, and nobody waits for it any more."""
        if self.wait.kind not in JOBS:
            self.log.warning("nobody waits for %s any more; AWS lets nobody stop it, so it goes on", self.wait)
            return
        for pause_s in (*STOP_RETRY_S, None):
            try:
                async with await self.open_client() as client:
                    await self._stop(client)
                return
            except CALL_FAILED as error:
                if pause_s is None or not passes_by_itself(error):
                    raise
                self.log.warning("could not stop %s (%s); again in %g s", self.wait, error, pause_s)
                await self.sleep(pause_s)

    async def open_client(self) -> AbstractAsyncContextManager[Any]:
        """The aiobotocore client of all who wait here with the same settings on a connection that says the same."""
        settings = {("config" if key == "botocore_config" else key): value for key, value in self.connection.items()}
        hook: Any = SluiceHook(**settings)  # its methods are not typed
        key = (json.dumps(settings, sort_keys=True), await sync_to_async(_said_by_the_connection)(hook))
        return _CLIENTS.setdefault(asyncio.get_running_loop(), SharedClients()).client(key, hook.get_async_conn)

    async def _watch(self) -> End:
        watch = Watch(self.wait)
        async with AsyncExitStack() as stack:
            client: Any = None
            while (pause_s := watch.until_next_look_s(self.now())) is not None:
                await self.sleep(pause_s)
                try:
                    client = client or await stack.enter_async_context(await self.open_client())
                    end = watch.saw(await self._look(client))
                except CALL_FAILED as error:
                    end = watch.failed(error, passes=passes_by_itself(error))
                    self.log.warning("look %d at %s failed: %s", watch.looks, self.wait, error)
                if end is not None:
                    self.log.info("%s, after %d looks", end["message"], end["looks"])
                    return end
        return watch.out_of_time()

    async def _look(self, client: Any) -> WorkState | None:
        calls = CALLS[self.wait.kind]
        try:
            with refusals_as_ours(calls.describe, self.wait.name):
                return calls.read(await getattr(client, calls.describe)(**{calls.member: self.wait.name}))
        except ServiceRefused as refusal:
            if says_not_there(refusal):
                return None
            raise

    async def _stop(self, client: Any) -> None:
        calls = JOBS[self.wait.kind]
        state = await self._look(client)
        if state is None or state.status not in calls.running:
            return
        with refusals_as_ours(calls.stop, self.wait.name):
            await getattr(client, calls.stop)(**{calls.member: self.wait.name})
        self.log.info("stopped %s, because its task was ended by a user", self.wait)


def _said_by_the_connection(hook: Any) -> tuple[str, ...]:
    """What may change in the Airflow connection while others wait with what it said before."""
    said = hook.conn_config
    keys = (said.aws_access_key_id, said.aws_secret_access_key, said.aws_session_token)
    return (*map(str, keys), json.dumps(said.extra_config, sort_keys=True, default=str))

"""moto's SQS, without its way of waiting for messages: it would hold one of a few threads, and so hold up S3."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.sqs.responses import SQSResponse

LAST_LOOK = "X-Local-Last-Look"
"""The header with which the mount says that the request has waited long enough."""

# What ReceiveMessage allows (its API reference).
_MAX_WAIT_S = 20


class NoMessageYet(Exception):
    """There is no message, and the request wants to wait for one."""

    def __init__(self, wait_s: int) -> None:
        """`wait_s`: from when the request came."""
        super().__init__(f"no message within {wait_s} s")
        self.wait_s = wait_s


class QueueRequests(SQSResponse):
    """One request. moto calls the method that is called like the operation."""

    def __init__(self) -> None:
        super().__init__()
        self._waits_here = True

    def receive_message(self) -> ActionResult:
        """As moto's, but raises NoMessageYet in place of waiting."""
        queue: Any = self.sqs_backend.get_queue(self._get_queue_name())
        asked = self._get_param("WaitTimeSeconds")
        wait_s = int(queue.receive_message_wait_time_seconds if asked is None else asked)
        self._waits_here = not 0 <= wait_s <= _MAX_WAIT_S  # moto refuses it
        answer = super().receive_message()
        found: Any = answer.result
        if wait_s and not (found and found.get("Messages")) and LAST_LOOK not in self.headers:
            raise NoMessageYet(wait_s)
        return answer

    def _get_param(self, param_name: str, if_none: Any = None) -> Any:
        if param_name == "WaitTimeSeconds" and not self._waits_here:
            return 0
        return super()._get_param(param_name, if_none)

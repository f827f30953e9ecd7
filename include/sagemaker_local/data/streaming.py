"""InvokeEndpointWithResponseStream: what the last container answers, as it comes, in events.

An error before the first byte is an answer like InvokeEndpoint's. After that it is the stream's last event, since the
status is sent: ModelStreamError, with one of the two ErrorCodes that the API model has.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Protocol

from include.sagemaker_local.http1.errors import HttpError
from include.sagemaker_local.http1.messages import Pieces
from include.sagemaker_local.wire.event_stream import event, exception

_log = logging.getLogger(__name__)

# The API reference's own descriptions of the two codes.
_TIME_EXCEEDED = (
    "The model failed to finish sending the response within the timeout period allowed by Amazon SageMaker."
)
_BROKEN = "The Transmission Control Protocol (TCP) connection between the client and the model was reset or closed."
_OURS = "The local SageMaker failed at this stream; its log says where."


class Ended(Protocol):
    """Who is told that a stream is over."""

    def __call__(self, *, broken: bool) -> None:
        """`broken`: it is not whole, and not because the client went away."""


class EventPieces:
    """The events of one answer; reads as `Pieces`.

    `ended` is called once, whatever the end: whole, left by the client, or broken by the container.
    """

    def __init__(self, pieces: Pieces, deadline_s: float, ended: Ended) -> None:
        """`pieces` are the container's; `deadline_s` is a time of the running loop's clock."""
        self._pieces = pieces
        self._deadline_s = deadline_s
        self._ended: Ended | None = ended
        self._over = False

    def __aiter__(self) -> EventPieces:
        return self

    async def __anext__(self) -> bytes:
        if self._over:
            raise StopAsyncIteration
        try:
            async with asyncio.timeout_at(self._deadline_s):
                return event("PayloadPart", await anext(self._pieces))
        except StopAsyncIteration:
            self._end(broken=False)
            raise
        except TimeoutError:
            return await self._fail(_stream_error("ModelInvocationTimeExceeded", _TIME_EXCEEDED))
        except HttpError:
            return await self._fail(_stream_error("StreamBroken", _BROKEN))
        except Exception:
            _log.exception("a streamed answer failed")
            return await self._fail(exception("InternalStreamFailure", json.dumps({"Message": _OURS}).encode()))

    async def aclose(self) -> None:
        """The client has gone, or everything was read."""
        await self._pieces.aclose()
        self._end(broken=False)

    async def _fail(self, last: bytes) -> bytes:
        self._end(broken=True)
        await self._pieces.aclose()
        return last

    def _end(self, *, broken: bool) -> None:
        self._over = True
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(broken=broken)


def _stream_error(code: str, message: str) -> bytes:
    return exception("ModelStreamError", json.dumps({"Message": message, "ErrorCode": code}).encode())

"""/_local/faults: POST injects a fault, GET shows them and how often they struck, DELETE takes one or all away."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from include.sagemaker_local.faults import FaultTable, Kind
from include.sagemaker_local.faults.form import BadFault, fault_from_json, fault_to_json
from include.sagemaker_local.http1.messages import Request, Response

PATH = b"/_local/faults"


class FaultPage:
    """Answers requests for the table. An answer is given when the change counts in every process."""

    def __init__(
        self,
        table: FaultTable,
        operations: Mapping[Kind, Collection[str]],
        watch_invocations: Callable[[bool], Awaitable[None]],
    ) -> None:
        """`operations` are those at which a kind strikes.

        `watch_invocations` is told whether invocations have to pass by the faults.
        """
        self._table = table
        self._operations = operations
        self._watch_invocations = watch_invocations

    @staticmethod
    def owns(path: bytes) -> bool:
        """Whether a request with this path is for here."""
        return path == PATH or path.startswith(PATH + b"/")

    async def handle(self, request: Request) -> Response:
        """The answer, whatever was asked."""
        fault_id = request.target.partition(b"?")[0][len(PATH) + 1 :].decode("latin-1")
        match request.method, bool(fault_id):
            case b"POST", False:
                return await self._inject(request.body)
            case b"GET", False:
                return _json(200, {"faults": self._shown()})
            case b"GET", True:
                found = [one for one in self._shown() if one["id"] == fault_id]
                return _json(200, found[0]) if found else _unknown(fault_id)
            case b"DELETE", False:
                await self.clear()
                return Response(204, [], b"")
            case b"DELETE", True:
                known = self._table.remove(fault_id)
                await self._tell()
                return Response(204, [], b"") if known else _unknown(fault_id)
        return _json(405, {"message": "Faults are injected with POST, shown with GET and taken away with DELETE."})

    async def clear(self) -> None:
        """No fault is left."""
        self._table.clear()
        await self._tell()

    async def _inject(self, body: bytes) -> Response:
        try:
            fault = self._table.add(fault_from_json(body, self._operations))
        except BadFault as error:
            return _json(400, {"message": f"No fault was injected: {error}."})
        await self._tell()
        return _json(201, fault_to_json(fault, 0))

    async def _tell(self) -> None:
        await self._watch_invocations(self._table.strikes_invocations())

    def _shown(self) -> list[dict[str, Any]]:
        return [fault_to_json(fault, fired) for fault, fired in self._table.all()]


def _unknown(fault_id: str) -> Response:
    return _json(404, {"message": f"There is no fault {fault_id!r}; GET /_local/faults shows those that there are."})


def _json(status: int, answer: object) -> Response:
    return Response(status, [(b"content-type", b"application/json")], json.dumps(answer).encode() + b"\n")

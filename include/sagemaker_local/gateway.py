"""The one URL: every request to the plane that answers it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from include.sagemaker_local.control.plane import TARGETS
from include.sagemaker_local.data.entrance import Invocations
from include.sagemaker_local.fault_page import FaultPage
from include.sagemaker_local.http1.messages import Handler, Request, Response
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.store.store import Store

_ADMIN_PATHS = "GET /_local/health, POST /_local/reset, POST /moto-api/reset, and GET, POST and DELETE /_local/faults"


class Admin:
    """What the local SageMaker answers about itself."""

    def __init__(
        self, store: Store, settings: Settings, reset: Callable[[], Awaitable[None]], faults: FaultPage
    ) -> None:
        self._store = store
        self._faults = faults
        self._settings = settings
        self._reset = reset

    @staticmethod
    def owns(target: bytes) -> bool:
        """Whether a request with this target is for here."""
        return target.startswith(b"/_local/") or target == b"/moto-api/reset"

    async def handle(self, request: Request) -> Response:
        """Health, reset and faults; 404 that names what there is for anything else."""
        path = request.target.partition(b"?")[0]
        if path == b"/_local/health" and request.method == b"GET":
            return _json(200, self._health())
        if path in (b"/_local/reset", b"/moto-api/reset") and request.method == b"POST":
            await self._reset()
            return _json(200, {"status": "ok"})
        if self._faults.owns(path):
            return await self._faults.handle(request)
        return _json(404, {"message": f"The local SageMaker itself answers {_ADMIN_PATHS}."})

    def _health(self) -> dict[str, object]:
        statuses = self._store.endpoint_statuses()
        return {"status": "ok", "data_dir": str(self._settings.data_dir), "endpoints": statuses}


class Gateway:
    """The handler of the server."""

    def __init__(self, invocations: Invocations, control: Handler, admin: Admin, elsewhere: Handler) -> None:
        self._invocations = invocations
        self._control = control
        self._admin = admin
        self._elsewhere = elsewhere

    async def handle(self, request: Request) -> Response:
        """One request to the plane that answers it: data, control, this server itself, or moto."""
        target = request.target
        if target.startswith(b"/endpoints/"):
            return await self._invocations.handle(request)
        if (request.header(b"x-amz-target") or b"").startswith(TARGETS):
            return await self._control(request)
        if self._admin.owns(target):
            return await self._admin.handle(request)
        return await self._elsewhere(request)


def _json(status: int, answer: dict[str, object]) -> Response:
    return Response(status, [(b"content-type", b"application/json")], json.dumps(answer).encode() + b"\n")

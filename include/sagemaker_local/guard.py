"""The door: where access keys are configured, nobody gets in without a signature that verifies."""

from __future__ import annotations

import json
from html import escape

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.http1.messages import Handler, Request, Response
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.wire.refused_signature import Dialect, SignatureRefused
from include.sagemaker_local.wire.verification import Verifier

# It says no more than that the server is up and how many endpoints it has, and what asks is often a container engine's
# health check, which cannot sign.
_OPEN = (b"GET", b"/_local/health")


class Guard:
    """In front of a handler."""

    def __init__(self, handler: Handler, verifier: Verifier) -> None:
        self._handler = handler
        self._verifier = verifier

    async def handle(self, request: Request) -> Response:
        """The handler's answer, or a refusal that the sender's SDK reads as its service's own."""
        if (request.method, request.target) != _OPEN:
            try:
                self._verifier.verify(request)
            except SignatureRefused as refused:
                return _response(refused)
        return await self._handler(request)


def guarded(handler: Handler, settings: Settings, clock: Clock) -> Handler:
    """The handler behind a guard when there are keys to verify signatures with, else the handler itself."""
    if not settings.signing_keys:
        return handler
    return Guard(handler, Verifier(settings.signing_keys, clock.now_s)).handle


def _response(refused: SignatureRefused) -> Response:
    if refused.dialect is Dialect.JSON:
        body = json.dumps({"__type": refused.code, "message": refused.message}).encode()
        kind, headers = b"application/x-amz-json-1.1", [(b"x-amzn-errortype", refused.code.encode())]
        return Response(refused.status, [(b"content-type", kind), *headers], body)
    inner = f"<Code>{escape(refused.code)}</Code><Message>{escape(refused.message)}</Message>"
    error = f"<Error>{inner}</Error>"
    if refused.dialect is Dialect.QUERY:
        error = f"<ErrorResponse>{error}</ErrorResponse>"
    body = f"<?xml version='1.0' encoding='UTF-8'?>{error}".encode()
    return Response(refused.status, [(b"content-type", b"application/xml")], body)

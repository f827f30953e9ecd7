"""Whose a request below /endpoints/ is, and for which region."""

from __future__ import annotations

from typing import Protocol

from include.sagemaker_local.data.invocation import is_asynchronous
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.http1.messages import Handler, Request, Response
from include.sagemaker_local.wire import json11
from include.sagemaker_local.wire.signature import credentials


class Invoker(Protocol):
    """The data plane, as its entrance sees it."""

    async def handle(self, request: Request, region: str) -> Response:
        """The answer to a request below /endpoints/."""


class Invocations:
    """Requests below /endpoints/."""

    def __init__(self, data: Invoker, elsewhere: Handler, asynchronous: Invoker | None = None) -> None:
        """`asynchronous` takes asynchronous invocations; without it the data plane says that there are none."""
        self._data = data
        self._elsewhere = elsewhere
        self._asynchronous = asynchronous

    async def handle(self, request: Request) -> Response:
        """The data plane's answer, unless the request is S3's: a bucket may be called `endpoints`."""
        try:
            scope = credentials(request)
        except ApiError as error:
            return json11.failure(error) if request.method == b"POST" else await self._elsewhere(request)
        if scope.service != "sagemaker":
            return await self._elsewhere(request)
        if self._asynchronous is not None and is_asynchronous(request):
            return await self._asynchronous.handle(request, scope.region)
        return await self._data.handle(request, scope.region)

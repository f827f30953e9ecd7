"""moto, mounted: answers every AWS request that is not SageMaker's, and has what it changed on disk before it answers.

moto's state is in module globals, so one process serves one mount.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote

from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY, should_preserve_original_header_name
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from include.sagemaker_local.aws.asked import is_read, waits
from include.sagemaker_local.aws.failures import explain, refused_by_disk, render
from include.sagemaker_local.aws.moto_values import NotData
from include.sagemaker_local.aws.queue_requests import LAST_LOOK, NoMessageYet
from include.sagemaker_local.aws.wsgi import Environ, call, environ_for, environ_key
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.http1.messages import Request, Response

_log = logging.getLogger(__name__)

# moto is pure Python and holds the GIL: more threads would only wait for one another.
THREADS = 4
# How often a queue is looked at for a request that waits. A look costs about 2 ms of CPU.
LOOK_S = 0.2
_Result = TypeVar("_Result")
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class Archive(Protocol):
    """Keeps S3 on disk; see s3_archive."""

    def load(self) -> None:
        """Disk into memory, at start."""

    def keep(self, bucket: str, key: str | None) -> None:
        """Memory onto disk, before the answer. Raises OSError or sqlite3.Error."""

    def keep_all(self) -> None:
        """The same for every bucket."""

    def undo(self, bucket: str, key: str | None) -> None:
        """Disk into memory, when the disk refused."""

    def clear(self) -> None:
        """Forget everything."""

    def close(self) -> None:
        """Let go of the files."""


class Memory(Protocol):
    """What of moto, apart from S3, outlives the server; see alarm_archive, which writes its changes itself."""

    def load(self) -> None:
        """Disk into memory, at start. Raises HostError."""

    def keep(self) -> None:
        """Memory onto disk. Raises OSError or sqlite3.Error."""


class Changes(Memory, Protocol):
    """What of moto is written after requests to its services; see service_archive."""

    def change(self, service: str, *, alone: bool = True) -> AbstractContextManager[None]:
        """What is done to the service inside is on disk by the end, or taken back."""

    def reaches_s3(self, service: str) -> bool:
        """Whether requests to the service may change S3 as well."""

    def close(self) -> None:
        """Let go of the file."""


class _Dispatcher(DomainDispatcherApplication):
    """moto's choice of a service, without SageMaker: it would answer with made-up successes."""

    def get_backend_for_host(self, host: str | None) -> Any:
        backend = super().get_backend_for_host(host)
        if str(backend).startswith("sagemaker"):
            raise ApiError(
                "UnknownOperationException",
                "This SageMaker operation is not served here: neither its X-Amz-Target nor its path is one that the "
                "local SageMaker knows.",
                status=404,
            )
        return backend


class AwsMount:
    """Everything that is not SageMaker, on a small pool of threads."""

    def __init__(
        self,
        archive: Archive,
        *,
        account_id: str,
        create_app: Callable[[Any], Any] = create_backend_app,
        memories: Sequence[Memory] = (),
        changes: Changes | None = None,
    ) -> None:
        """`create_app` makes moto's Flask application of a service; it is asked once for each that is used."""
        self._archive = archive
        self._memories = [*memories, *([changes] if changes is not None else [])]
        self._changes = changes
        self._account_id = account_id
        self._dispatch = _Dispatcher(create_app)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="aws")
        # One S3 write at a time, from moto's change to its row on disk: what is acknowledged is in the order of moto's
        # own changes, and a change that the disk refused can be taken back before anybody built upon it.
        self._s3_writes = threading.Lock()

    async def load(self) -> None:
        """Starts from what is on disk; whatever moto held before in this process is gone. Raises OSError."""
        await self._in_pool(self._load)

    async def handle(self, request: Request) -> Response:
        """moto's answer. A request that waits for messages does so here, where it holds nobody up."""
        loop, until_s = asyncio.get_running_loop(), None
        while True:
            answer = await self._in_pool(self._answer, request, until_s is not None and loop.time() >= until_s)
            if isinstance(answer, Response):
                return answer
            until_s = loop.time() + answer.wait_s if until_s is None else until_s
            await asyncio.sleep(min(LOOK_S, max(0.0, until_s - loop.time())))

    async def reset(self) -> None:
        """Empties every service, and S3 on disk."""
        await self._in_pool(self._reset)

    def close(self) -> None:
        """Waits for requests under way and closes the files."""
        self._pool.shutdown()
        self._archive.close()
        if self._changes is not None:
            self._changes.close()

    async def _in_pool(self, function: Callable[..., _Result], *arguments: object) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    def _load(self) -> None:
        with self._s3_writes:
            moto_api_backend.reset()
            self._archive.load()
            for memory in self._memories:
                memory.load()

    def _reset(self) -> None:
        with self._s3_writes:
            moto_api_backend.reset()
            self._archive.clear()
            for memory in self._memories:
                memory.keep()

    def _answer(self, request: Request, is_last_look: bool) -> Response | NoMessageYet:
        environ = _environ(request)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account_id
        environ.pop(environ_key(LAST_LOOK), None)
        if is_last_look:
            environ[environ_key(LAST_LOOK)] = "yes"
        try:
            app: Any = self._dispatch.get_application(environ)  # a Flask to which moto added `service`
            if is_read(environ, app.service):
                return call(app, environ)
            return self._write_s3(app, environ) if app.service == "s3" else self._write(app, environ)
        except ApiError as error:
            return render(error, environ)
        except NoMessageYet as nothing:
            return nothing
        except Exception as error:  # moto's applications run in debug mode and raise whatever went wrong in them
            if not isinstance(error, NotImplementedError | NotData):
                _log.exception("moto failed on %s %s", environ["REQUEST_METHOD"], environ["RAW_URI"])
            return render(explain(error), environ)

    def _write(self, app: Any, environ: Environ) -> Response:
        changes = self._changes
        if changes is None:
            return call(app, environ)
        with changes.change(app.service, alone=not waits(environ)):
            response = call(app, environ)
        if changes.reaches_s3(app.service):
            with self._s3_writes:
                self._archive.keep_all()
        return response

    def _write_s3(self, app: Any, environ: Environ) -> Response:
        # Not alone: an upload may take long, and what it sets off is a message in a queue.
        with self._changes.change("s3", alone=False) if self._changes is not None else nullcontext():
            return self._write_object(app, environ)

    def _write_object(self, app: Any, environ: Environ) -> Response:
        bucket, key = _bucket_and_key(environ["RAW_URI"])
        _keep_from_form_parser(environ)
        with self._s3_writes:
            response = call(app, environ)
            if response.status >= 400 or not bucket:
                return response
            try:
                self._archive.keep(bucket, key)
            except (OSError, sqlite3.Error) as error:
                _log.error("S3 could not be written to disk: %s", error)
                self._archive.undo(bucket, key)
                return render(refused_by_disk(error), environ)
            return response


def _environ(request: Request) -> Environ:
    """As moto wants it: S3 in path style, also when the bucket is in the host name (`bucket.localhost`)."""
    host = (request.header(b"host") or b"localhost").decode("latin-1")
    name = host.partition(":")[0]
    bucket = name.removesuffix(".localhost").removesuffix(".s3")
    if name.endswith(".localhost") and bucket != "s3":
        raw_path = request.target.decode("latin-1").partition("?")[0]
        environ = environ_for(request, path=f"/{bucket}{raw_path}")
        environ["HTTP_HOST"] = "localhost"
    else:
        environ = environ_for(request)
    _preserve_names(environ, request)
    return environ


def _bucket_and_key(raw_uri: str) -> tuple[str, str | None]:
    """Which part of S3 a path-style request may have changed; without a key it may be anything in the bucket."""
    bucket, _, key = raw_uri.partition("?")[0].lstrip("/").partition("/")
    return unquote(bucket), unquote(key) or None


def _keep_from_form_parser(environ: Environ) -> None:
    """What PUT brings is an object, never a form, but moto has forms parsed and would store nothing of this body.

    `curl --data-binary` sends this type unless it is told otherwise; S3's own default takes its place.
    """
    if environ["REQUEST_METHOD"] == "PUT" and environ.get("CONTENT_TYPE", "").lower().startswith(_FORM_TYPES):
        environ["CONTENT_TYPE"] = "binary/octet-stream"


def _preserve_names(environ: Environ, request: Request) -> None:
    """moto reads the spelling of x-amz-meta- names that hold underscores from here; WSGI itself cannot carry it."""
    names = [name.decode("latin-1") for name, _ in request.headers]
    environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = {
        environ_key(name): name for name in names if should_preserve_original_header_name(name)
    }

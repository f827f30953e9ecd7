"""Calls a WSGI application with our Request and gives our Response back. Nothing here knows moto or AWS."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

from include.sagemaker_local.http1.messages import Headers, Request, Response

Environ: TypeAlias = dict[str, Any]
"""PEP 3333 defines it as a dictionary of anything: this is the edge past which it stays."""

WsgiApp: TypeAlias = Callable[[Environ, Any], Iterable[bytes]]

# The protocol writes these itself from the body it is given.
_HOP_BY_HOP = {b"connection", b"transfer-encoding", b"keep-alive"}


def environ_for(request: Request, *, path: str | None = None) -> Environ:
    """The WSGI environ of `request`; `path` (raw) replaces its path."""
    raw_path, _, query = request.target.decode("latin-1").partition("?")
    raw_path = raw_path if path is None else path
    host = (request.header(b"host") or b"localhost").decode("latin-1")
    server_name, _, server_port = host.partition(":")
    environ: Environ = {
        "REQUEST_METHOD": request.method.decode("latin-1"),
        "SCRIPT_NAME": "",
        # PEP 3333: bytes smuggled as latin-1; werkzeug decodes them as UTF-8.
        "PATH_INFO": unquote_to_bytes(raw_path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": raw_path + (f"?{query}" if query else ""),
        "SERVER_NAME": server_name,
        "SERVER_PORT": server_port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": host,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    _add_headers(environ, request.headers)
    return environ


def environ_key(name: str) -> str:
    """The environ key of the header `name`."""
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def call(app: WsgiApp, environ: Environ) -> Response:
    """The application's answer, whole. Whatever it raises comes out as it is."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], None]:
        started[:] = [(status, headers)]
        return lambda _data: None

    chunks = app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    status, headers = started[0]
    return Response(
        int(status.split(" ", 1)[0]), _headers_back(headers, head=environ["REQUEST_METHOD"] == "HEAD"), body
    )


def _add_headers(environ: Environ, headers: Headers) -> None:
    """Repeated headers are joined with a comma, as RFC 9110 allows for every header that may be repeated."""
    for name, value in headers:
        key = environ_key(name.decode("latin-1"))
        # The body is already unpacked from its transfer coding and its length is known.
        if key in ("CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"):
            continue
        text = value.decode("latin-1")
        if key.startswith("HTTP_") and key in environ and key != "HTTP_HOST":
            text = f"{environ[key]},{text}"
        environ[key] = text


def _headers_back(headers: list[tuple[str, str]], *, head: bool) -> Headers:
    """Lower-case names. Content-Length is kept only for HEAD, where it says how long the body would be."""
    back: Headers = []
    for name, value in headers:
        lower = name.lower().encode("latin-1")
        if lower in _HOP_BY_HOP or (lower == b"content-length" and not head):
            continue
        back.append((lower, value.encode("latin-1")))
    return back

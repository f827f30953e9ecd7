"""The seam between a worker and the container contract that it speaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from include.sagemaker_local.http1.messages import Headers, Response

ANY_TYPE = "*/*"


class SpokenResponse(NamedTuple):
    """An answer that user code makes piece by piece; what its pieces raise is an error in user code."""

    headers: Headers
    pieces: Iterator[object]  # bytes or text, if user code is right


class Contract(Protocol):
    """A loaded model behind POST /invocations."""

    def invoke(self, headers: Headers, body: bytes) -> Response | SpokenResponse:
        """The container's answer. Never raises for a bad request or for an error in user code."""


def with_charset(content_type: str) -> str:
    """`content_type` as Flask sends it: text types carry their charset, unless they have one already.

    AWS's containers answer `text/csv; charset=utf-8`, and the next container of a pipeline gets exactly that.
    """
    if content_type.startswith("text/") and "charset=" not in content_type:
        return f"{content_type}; charset=utf-8"
    return content_type


def header_text(headers: Headers, name: bytes) -> str:
    """The first value of the header `name`, empty when there is none."""
    return next((value.decode("latin-1") for key, value in headers if key == name), "")


def text_response(status: int, text: str) -> Response:
    """A plain-text answer, as errors have it."""
    return Response(status, [(b"content-type", b"text/plain; charset=utf-8")], text.encode("utf-8", "replace"))

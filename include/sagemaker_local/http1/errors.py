"""What can go wrong between a request and its answer. The question each class answers is what is known of the request.

HttpError
├── ConnectionFailed   no answer: refused, reset, or closed before the answer was whole
├── RequestTimeout     no answer in the time that the caller gave
└── ProtocolError      an answer, but not HTTP/1.1
"""

from __future__ import annotations

from include.sagemaker_local.errors import LocalSageMakerError


class HttpError(LocalSageMakerError):
    """Base of what `HttpClient.request` raises; the message names the peer."""


class ConnectionFailed(HttpError):
    """The peer refused the connection, or ended it before its answer was whole."""


class RequestTimeout(HttpError):
    """The peer did not answer in time. It may still be working on the request."""


class ProtocolError(HttpError):
    """The peer answered with bytes that are not an HTTP/1.1 response."""

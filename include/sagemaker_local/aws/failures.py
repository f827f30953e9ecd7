"""Errors of the mount itself, in the form that the request's SDK reads: S3's XML, the query services' XML, or JSON."""

from __future__ import annotations

import errno
import json
import sqlite3
from html import escape

from include.sagemaker_local.aws.moto_values import NotData
from include.sagemaker_local.aws.wsgi import Environ
from include.sagemaker_local.errors import ApiError
from include.sagemaker_local.http1.messages import Response

_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT))


def refused_by_disk(error: Exception) -> ApiError:
    """Something could not be written. 507 is not tried again by botocore: that would not make room on a disk."""
    message = f"Nothing was stored, because the local SageMaker's disk cannot take it: {error}"
    return ApiError("InsufficientStorage", message, status=507)


def explain(error: Exception) -> ApiError:
    """What went wrong inside moto, as a refusal that says whose fault it is."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:  # it keeps large objects in temporary files
        return refused_by_disk(error)
    if isinstance(error, sqlite3.Error):
        return refused_by_disk(error)
    if isinstance(error, NotData):
        message = f"It was taken back, because the local SageMaker could not remember it when it ends: {error}."
        return ApiError("NotImplemented", message, status=501)
    if isinstance(error, NotImplementedError):
        message = f"moto, which serves this here, does not have it: {error}"
        return ApiError("NotImplemented", message, status=501)
    message = f"moto, which serves this here, failed: {type(error).__name__}: {error}"
    return ApiError("InternalFailure", message, status=500)


def render(error: ApiError, environ: Environ) -> Response:
    """The error for the service that the request was meant for."""
    if "HTTP_X_AMZ_TARGET" in environ or "/sagemaker/" in environ.get("HTTP_AUTHORIZATION", ""):
        return _json(error)
    inner = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return _xml(error.status, f"<ErrorResponse><Error>{inner}</Error></ErrorResponse>")
    if "/s3/" in environ.get("HTTP_AUTHORIZATION", "/s3/"):  # what is not signed is S3's, to moto too
        return _xml(error.status, f"<Error>{inner}</Error>")
    return _json(error)


def _json(error: ApiError) -> Response:
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    headers = [(b"content-type", b"application/x-amz-json-1.1"), (b"x-amzn-errortype", error.code.encode())]
    return Response(error.status, headers, body)


def _xml(status: int, element: str) -> Response:
    body = f"<?xml version='1.0' encoding='UTF-8'?>{element}".encode()
    return Response(status, [(b"content-type", b"application/xml")], body)

"""`status` and `reset`: what is asked of a server that runs."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

from include.sagemaker_local.cli.arguments import DEFAULTS, add_credentials
from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.errors import HostError
from include.sagemaker_local.http1.messages import Request
from include.sagemaker_local.signing_keys import signing_keys
from include.sagemaker_local.wire.sigv4 import Key, signed

# `reset` waits for containers to end, which have half a minute for it.
_TIMEOUT_S = 60.0


def add_url(parser: argparse.ArgumentParser) -> None:
    """Adds --url."""
    parser.add_argument("--url", default=f"http://{DEFAULTS.host}:{DEFAULTS.port}", help="default: %(default)s")


def add_url_and_credentials(parser: argparse.ArgumentParser) -> None:
    """Adds --url and --credentials, for what a server asks a signature for."""
    add_url(parser)
    add_credentials(parser)


def status(options: argparse.Namespace) -> int:
    """Shows what a running server holds."""
    health = json.loads(_call(options.url, "GET", "/_local/health"))
    endpoints = ", ".join(f"{count} {status}" for status, count in health["endpoints"].items()) or "none"
    sys.stdout.write(f"running at {options.url}\ndata directory: {health['data_dir']}\nendpoints: {endpoints}\n")
    return 0


def reset(options: argparse.Namespace) -> int:
    """Empties a running server: endpoints, models, jobs, S3, everything."""
    _call(options.url, "POST", "/_local/reset", signing_keys(options.credentials, os.environ))
    sys.stdout.write(f"{options.url} is empty now\n")
    return 0


def _call(url: str, method: str, path: str, keys: Mapping[str, str] | None = None) -> bytes:
    """The body of a 200, asked for with a signature when there are `keys`. Raises HostError."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise HostError(f"{url!r} is not the URL of a local SageMaker: it looks like http://127.0.0.1:4566")
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=_TIMEOUT_S)
    try:
        connection.request(method, path, headers=_signature(method, path, parts.netloc, keys or {}))
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise HostError(f"no local SageMaker answers at {url}: {error}; start one with `serve`") from error
    finally:
        connection.close()
    if response.status == 403:
        raise HostError(f"{url} verifies signatures and refused this one: {body.decode(errors='replace')}")
    if response.status != 200:
        raise HostError(f"what answers at {url} is not a local SageMaker, or it failed: status {response.status}")
    return body


def _signature(method: str, path: str, host: str, keys: Mapping[str, str]) -> dict[str, str]:
    for access_key, secret in keys.items():
        plain = Request(method.encode(), path.encode(), [(b"host", host.encode())])
        request = signed(plain, Key(access_key, secret), "us-east-1", "sagemaker", SystemClock().now_s())
        return {name.decode(): value.decode() for name, value in request.headers}
    return {}

"""The moto mount behind the project's own HTTP server, on a thread of its own, so that boto3 can be the client."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from include.sagemaker_local.aws.alarm_archive import AlarmArchive
from include.sagemaker_local.aws.execution_role import ensure_role
from include.sagemaker_local.aws.mount import AwsMount
from include.sagemaker_local.aws.s3_archive import S3Archive
from include.sagemaker_local.aws.s3_memory import MotoMemory
from include.sagemaker_local.aws.s3_store import S3Store
from include.sagemaker_local.aws.service_archive import ServiceArchive
from include.sagemaker_local.aws.services import create_app_with
from include.sagemaker_local.http1.server import HttpServer, start_server
from include.sagemaker_local.metrics.series import MetricSeries

ACCOUNT = "123456789012"
_BOUND_S = 20.0


@contextmanager
def aws_server(
    directory: Path, runs: Callable[[str], bool] = lambda image: False, *, with_role: bool = False
) -> Iterator[str]:
    """Yields the URL of everything that is not SageMaker.

    `directory` keeps what there is; `runs` says which images could start; `with_role` makes the execution role.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(_BOUND_S)

    archive = S3Archive(MotoMemory(ACCOUNT), S3Store(directory))
    alarms = AlarmArchive(ACCOUNT, directory / "alarms.json")
    mount = AwsMount(
        archive,
        account_id=ACCOUNT,
        create_app=create_app_with(MetricSeries(), alarms, runs),
        memories=[alarms],
        changes=ServiceArchive(ACCOUNT, directory / "services.sqlite3"),
    )
    try:
        run(mount.load())
        if with_role:
            ensure_role(ACCOUNT)
        server: HttpServer = run(start_server(mount.handle, max_body_bytes=64 * 1024 * 1024))
        try:
            yield f"http://127.0.0.1:{server.port}"
        finally:
            run(server.close(1))
    finally:
        mount.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def client(service: str, url: str, *, region: str = "us-east-1", **config: Any) -> Any:
    """A boto3 client as a user makes one, except that it does not try again."""
    make: Any = boto3.client  # its type knows one overload for each service
    return make(
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def put(url: str, body: bytes, **headers: str) -> int:
    """The status of a bare PUT. `headers` are names with underscores for dashes."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_BOUND_S)
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("PUT", f"{parts.path}?{parts.query}", body, sent)
        return connection.getresponse().status
    finally:
        connection.close()

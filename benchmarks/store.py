"""How long Describe, List and Search take on a store of 10,000 model packages and 2,000 endpoints.

    python -m benchmarks.store [--packages 10000] [--endpoints 2000] [--requests 300]

The data directory is filled directly, a package at a time as CreateModelPackage keeps it (three containers, 2 KB), then
`serve` is started on it as a user starts it. The endpoints are Failed ones, because running 6,000 containers is not
what is measured here; their rows are as large as those of endpoints InService. Requests go one after the other over
one connection, with the head that boto3 sends; each measure is from the first byte sent to the last byte read. The last
column is the server's own CPU time for a request, which other work on the machine moves less.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.deployment import Container, Deployment, VariantPlan
from include.sagemaker_local.lifecycle import EndpointStatus
from include.sagemaker_local.store import Store
from include.sagemaker_local.store.records import (
    EndpointRecord,
    JsonObject,
    ModelPackageGroupRecord,
    ModelPackageRecord,
    ModelRecord,
)
from include.sagemaker_local.wire.arns import Home
from tests.fakes.server_process import server_process

HOME = Home("us-east-1", "123456789012")
GROUPS = 20
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
CHAIN = tuple(
    Container(name, IMAGE, f"s3://models/{name}/model.tar.gz", {"SAGEMAKER_PROGRAM": "inference.py"})
    for name in ("featurize", "predict", "label")
)
DESCRIBE_LIMIT_MS, LIST_LIMIT_MS = 10.0, 50.0  # what this project promises: Describe at p95, every List page
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/sagemaker/aws4_request, "
    f"SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={'0' * 64}"
)

Json = dict[str, Any]


def package(number: int, at_s: float) -> ModelPackageRecord:
    """The next version of one of the groups."""
    group, version = f"group-{number % GROUPS:02d}", number // GROUPS + 1
    containers: list[JsonObject] = [
        {"ContainerHostname": one.name, "Image": IMAGE, "ModelDataUrl": one.model_data_url, "Framework": "OTHER"}
        for one in CHAIN
    ]
    return ModelPackageRecord(
        region=HOME.region,
        name=group,
        arn=HOME.arn("model-package", f"{group}/{version}"),
        group_name=group,
        version=version,
        containers=CHAIN,
        approval_status=("Approved", "Rejected", "PendingManualApproval")[number % 3],
        approval_description=None,
        customer_metadata={f"key-{index}": "x" * 64 for index in range(10)},
        client_token=None,
        created_at_s=at_s,
        modified_at_s=at_s,
        accepted={
            "ModelPackageDescription": f"candidate {number}",
            "Domain": "MACHINE_LEARNING",
            "Task": "CLASSIFICATION" if number % 2 else "REGRESSION",
            "InferenceSpecification": {"Containers": list(containers), "SupportedContentTypes": ["text/csv"]},
        },
    )


def endpoint(number: int, at_s: float) -> EndpointRecord:
    """An endpoint that has failed, with what it was to run."""
    name = f"endpoint-{number:05d}"
    wanted = Deployment(f"config-{number:05d}", (VariantPlan("AllTraffic", "m", "ml.c5.large", 1, 1.0, CHAIN),))
    return EndpointRecord(
        HOME.region, name, HOME.arn("endpoint", name), EndpointStatus.FAILED, None, wanted, "no reason", at_s, at_s
    )


def fill(path: Path, packages: int, endpoints: int) -> None:
    """A store with this many packages in 20 groups, endpoints, and as many models as endpoints."""
    store, began_s = Store(path, SystemClock()), 1_700_000_000.0
    with store.transaction():
        for number in range(GROUPS):
            name = f"group-{number:02d}"
            arn = HOME.arn("model-package-group", name)
            store.add_model_package_group(ModelPackageGroupRecord(HOME.region, name, arn, began_s, {}))
        for number in range(packages):
            store.add_model_package(package(number, began_s + number))
        for number in range(endpoints):
            at_s, name = began_s + number, f"model-{number:05d}"
            store.add_endpoint(endpoint(number, at_s))
            store.add_model(ModelRecord(HOME.region, name, HOME.arn("model", name), CHAIN, at_s, {}))
    store.close()


class Client:
    """One connection, kept alive."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port)

    def call(self, operation: str, request: Json) -> tuple[Json, float]:
        """The answer, and how long it took in milliseconds. Raises RuntimeError for a refusal."""
        headers = {
            "X-Amz-Target": f"SageMaker.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
            "User-Agent": "Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.12.1",
            "X-Amz-Date": "20260101T000000Z",
            "Authorization": SIGNED,
        }
        body = json.dumps(request).encode()
        began = time.perf_counter()
        self._connection.request("POST", "/", body, headers)
        response = self._connection.getresponse()
        answer = response.read()
        took_ms = (time.perf_counter() - began) * 1000
        if response.status != 200:
            raise RuntimeError(f"{operation}: {answer.decode()}")
        return json.loads(answer), took_ms

    def pages(self, operation: str, request: Json) -> Iterator[float]:
        """How long each page took, to the last one."""
        token: str | None = None
        while True:
            answer, took_ms = self.call(operation, request if token is None else {**request, "NextToken": token})
            yield took_ms
            token = answer.get("NextToken")
            if token is None:
                return


def describes(client: Client, packages: int, endpoints: int) -> dict[str, Callable[[], float]]:
    """One request each for a random resource."""
    chance = random.Random(7)

    def describe(operation: str, member: str, name: Callable[[], str]) -> Callable[[], float]:
        return lambda: client.call(operation, {member: name()})[1]

    def version() -> str:
        return f"group-{chance.randrange(GROUPS):02d}/{chance.randrange(packages // GROUPS) + 1}"

    return {
        "DescribeModelPackage": describe("DescribeModelPackage", "ModelPackageName", version),
        "DescribeEndpoint": describe(
            "DescribeEndpoint", "EndpointName", lambda: f"endpoint-{chance.randrange(endpoints):05d}"
        ),
        "DescribeModel": describe("DescribeModel", "ModelName", lambda: f"model-{chance.randrange(endpoints):05d}"),
    }


def repeated(measure: Callable[[], float], times: int) -> list[float]:
    """One measurement after the other."""
    return [measure() for _ in range(times)]


def all_pages(client: Client, operation: str, request: Json) -> list[float]:
    """Every page, once to warm up and three times measured."""
    return [took_ms for turn in range(4) for took_ms in client.pages(operation, request) if turn]


LISTS: dict[str, tuple[str, Json]] = {
    "ListModelPackages of a group": ("ListModelPackages", {"ModelPackageGroupName": "group-07", "MaxResults": 100}),
    "ListModelPackages, all": ("ListModelPackages", {"ModelPackageType": "Both", "MaxResults": 100}),
    "ListModelPackages, Approved, newest first": (
        "ListModelPackages",
        {"ModelPackageType": "Both", "ModelApprovalStatus": "Approved", "SortOrder": "Descending", "MaxResults": 100},
    ),
    "ListModelPackages, NameContains": (
        "ListModelPackages",
        {"ModelPackageType": "Both", "NameContains": "p-13", "MaxResults": 100},
    ),
    "ListEndpoints": ("ListEndpoints", {"MaxResults": 100}),
    "ListEndpoints by Name": ("ListEndpoints", {"SortBy": "Name", "SortOrder": "Ascending", "MaxResults": 100}),
    "ListEndpoints by Status": ("ListEndpoints", {"SortBy": "Status", "MaxResults": 100}),
    "ListModels": ("ListModels", {"MaxResults": 100}),
}


def report(name: str, measure: Callable[[], list[float]], limit_ms: float, server_pid: int) -> bool:
    """Measure and print a row; True when its limit is kept."""
    before_ms = cpu_ms(server_pid)
    ordered = sorted(measure())
    each_ms = (cpu_ms(server_pid) - before_ms) / len(ordered)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    kept = p95 <= limit_ms
    verdict = "" if kept else "  over the limit"
    print(
        f"{name:45}{len(ordered):6}{statistics.median(ordered):9.2f}{p95:9.2f}{ordered[-1]:9.2f}{each_ms:9.2f}{verdict}"
    )
    return kept


def cpu_ms(pid: int) -> float:
    """User and system time that a process has taken, in milliseconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(packages: int, endpoints: int) -> Iterator[tuple[Client, int]]:
    """A server on a filled store, and its process."""
    with tempfile.TemporaryDirectory() as directory:
        data_dir = Path(directory) / "data"
        data_dir.mkdir()
        began = time.perf_counter()
        fill(data_dir / "sagemaker.sqlite3", packages, endpoints)
        size_mb = sum(path.stat().st_size for path in data_dir.iterdir()) / 1e6
        print(f"{packages} packages, {endpoints} endpoints: {size_mb:.0f} MB, in {time.perf_counter() - began:.1f} s")
        began = time.perf_counter()
        with server_process(data_dir) as server:
            print(f"ready after {time.perf_counter() - began:.1f} s\n")
            yield Client(server.url), server.process.pid


def main() -> int:
    """Print the table; 1 when a limit is passed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--packages", type=int, default=10_000)
    parser.add_argument("--endpoints", type=int, default=2_000)
    parser.add_argument("--requests", type=int, default=300, help="of each Describe operation")
    options = parser.parse_args()
    kept = []
    with served(options.packages, options.endpoints) as (client, pid):
        print(f"{'milliseconds':45}{'n':>6}{'p50':>9}{'p95':>9}{'max':>9}{'CPU':>9}")
        for name, measure in describes(client, options.packages, options.endpoints).items():
            measure()  # the first of each kind compiles its SQL
            kept.append(report(name, partial(repeated, measure, options.requests), DESCRIBE_LIMIT_MS, pid))
        for name, (operation, request) in LISTS.items():
            measure_pages = partial(all_pages, client, operation, request)
            kept.append(report(f"{name}, a page", measure_pages, LIST_LIMIT_MS, pid))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())

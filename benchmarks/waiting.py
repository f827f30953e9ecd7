"""What a promotion that waits costs one triggerer in memory, CPU time and calls, beside the Amazon provider's trigger.

    python -m benchmarks.waiting [--waits 100] [--rounds 3] [--seconds 60]

`airflow triggerer` is started as it is, on a database (SQLite) that holds as many deferred task instances as there are
waits. They wait for endpoints of a small server that speaks TLS, as AWS does, and answers that each is still Creating.
Sluice's trigger and the provider's `SageMakerTrigger` with its defaults take turns, each in a triggerer of its own, and
each with one wait as well: memory for a wait is what all of them take above what the one takes. It is the proportional
set size of the triggerer's processes when every wait has asked and the time is over; CPU time is that of the same
processes in that time. No worker and no scheduler runs: a deferred task holds no slot.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.chain import cpu_s, family
from benchmarks.idle import memory_mib
from include.demo.airflow_home import REGION, airflow_environment, migrate_database
from include.demo.paths import PROJECT
from tests.fakes.certificates import loopback_certificate

WHO = ("sluice", "stock")
GOAL_MB = 2.0
START_BOUND_S = 1800.0  # seconds on a machine with nothing else to do, many minutes on a busy one


@dataclass(frozen=True)
class Load:
    """What a triggerer with some waits took."""

    waits: int
    memory_mib: float
    cpu_s: float
    calls: int
    seconds: float


def memory_a_wait_mb(one: Load, many: Load) -> float:
    """MB for each further wait. ValueError unless the second has more of them."""
    if many.waits <= one.waits:
        raise ValueError("needs loads of two sizes")
    return (many.memory_mib - one.memory_mib) * 1.048576 / (many.waits - one.waits)


def a_minute(value: float, load: Load) -> float:
    """What it is a minute."""
    return value * 60 / load.seconds


class Aws:
    """Says of every endpoint that it is being created, and counts who has been asked after."""

    def __init__(self) -> None:
        self.calls = 0
        self.seen: set[str] = set()
        self._lock = threading.Lock()

    def describe(self, endpoint: str) -> dict[str, object]:
        """DescribeEndpoint's answer."""
        with self._lock:
            self.calls += 1
            self.seen.add(endpoint)
        now = datetime.now(UTC).timestamp()
        arn = f"arn:aws:sagemaker:{REGION}:123456789012:endpoint/{endpoint}"
        moments = {"CreationTime": now, "LastModifiedTime": now}
        return {"EndpointName": endpoint, "EndpointArn": arn, "EndpointStatus": "Creating", **moments}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waits", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        empty = home / "empty.db"
        migrate_database(_environment(home / "first", "http://127.0.0.1:9", home), home / "migrate.log")
        shutil.move(home / "first" / "airflow.db", empty)
        measured: dict[str, list[tuple[Load, Load]]] = {who: [] for who in WHO}
        for number in range(arguments.rounds):
            for who in WHO:
                one, many = (
                    _load(home / f"{who}-{number}-{waits}", empty, who, waits, arguments.seconds)
                    for waits in (1, arguments.waits)
                )
                measured[who].append((one, many))
        _print(measured, arguments.waits)


def _print(measured: dict[str, list[tuple[Load, Load]]], waits: int) -> None:
    print(f"one triggerer with {waits} waits, all of them deferred task instances; medians (least to most)")
    print(f"{'':8} {'MB a wait':>22} {'CPU s a minute':>22} {'calls a minute':>22} {'MiB in all':>22}")
    memory = {who: [memory_a_wait_mb(*each) for each in rounds] for who, rounds in measured.items()}
    for who, rounds in measured.items():
        many = [each[1] for each in rounds]
        columns = (
            memory[who],
            [a_minute(each.cpu_s, each) for each in many],
            [a_minute(each.calls, each) for each in many],
            [each.memory_mib for each in many],
        )
        print(f"{who:8} " + " ".join(f"{_spread(values):>22}" for values in columns))
    ratios = [ours / theirs for ours, theirs in zip(memory["sluice"], memory["stock"], strict=True)]
    print(
        f"Sluice's memory a wait, of the provider's in the same round: {_spread(ratios)}; goal: at most {GOAL_MB:g} MB"
    )


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _load(home: Path, empty: Path, who: str, waits: int, seconds: float) -> Load:
    home.mkdir()
    shutil.copy(empty, home / "airflow.db")
    with _aws(home) as (aws, url, trusted):
        environment = _environment(home, url, trusted)
        rows = [sys.executable, "-m", "benchmarks.waiting_rows", who, str(waits)]
        done = subprocess.run(rows, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, check=True)
        states = json.loads(done.stdout.splitlines()[-1])
        if states != {"deferred": waits}:
            sys.exit(f"not all tasks have deferred: {states}")
        with _triggerer(home, environment) as process:
            _until_all_wait(process, aws, waits, home)
            calls, used_s, began_s = aws.calls, cpu_s(process.pid), time.monotonic()
            time.sleep(seconds)  # the time that is measured
            lasted_s = time.monotonic() - began_s
            memory, _ = memory_mib(family(process.pid))
            load = Load(waits, memory, cpu_s(process.pid) - used_s, aws.calls - calls, lasted_s)
    print(f"{who}: {load}", file=sys.stderr)
    return load


def _until_all_wait(process: subprocess.Popen[bytes], aws: Aws, waits: int, home: Path) -> None:
    until_s = time.monotonic() + START_BOUND_S
    while len(aws.seen) < waits:
        if process.poll() is not None or time.monotonic() > until_s:
            log = (home / "triggerer.log").read_text(errors="replace")
            sys.exit(f"{log[-3000:]}\nonly {len(aws.seen)} of {waits} waits have asked")
        time.sleep(0.2)


@contextmanager
def _triggerer(home: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "airflow", "triggerer", "--skip-serve-logs"]
    with (home / "triggerer.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


@contextmanager
def _aws(home: Path) -> Iterator[tuple[Aws, str, Path]]:
    aws = Aws()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps(aws.describe(asked["EndpointName"])).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    context, trusted = loopback_certificate(home)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield aws, f"https://127.0.0.1:{server.server_port}", trusted
    finally:
        server.shutdown()
        server.server_close()


def _environment(home: Path, url: str, trusted: Path) -> dict[str, str]:
    extra = {"endpoint_url": url, "region_name": REGION, "verify": str(trusted)}
    connection = {"conn_type": "aws", "login": "bench", "password": "bench", "extra": extra}
    return airflow_environment(home, url) | {
        "PYTHONPATH": f"{PROJECT}:{PROJECT / 'plugins'}",
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__API_AUTH__JWT_SECRET": "no secret on loopback but for a benchmark",
    }


if __name__ == "__main__":
    main()

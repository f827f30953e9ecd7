"""A scikit-learn container as the process runtime runs it, beside AWS's own stack with the same model and handlers.

    python -m benchmarks.sklearn_container [--rounds 5] [--seconds 5] [--connections 16]

Both serve the sample's `featurize` container (a StandardScaler between CSV and CSV) with two workers, in environments
that hold the same scikit-learn and numpy. The peer is what AWS's container runs: nginx with the container's settings in
front of gunicorn with gevent workers, Flask, and AWS's sagemaker-containers package, in the versions of the image.
wrk asks each in turn, in interleaved rounds of which the first warms up. Printed are medians; a ratio is that of one
round. A second case has a handler that does nothing, which leaves the stacks alone. Needs wrk and nginx; the peer's
packages are installed once, into the user's cache directory.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import uvloop

from include.examples.breast_cancer import train
from include.examples.breast_cancer.pack import pack
from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.runtime import artifacts
from include.sagemaker_local.runtime.contract import InstanceLimits, Placement
from include.sagemaker_local.runtime.process import ProcessRuntime
from include.sagemaker_local.settings import Settings, user_environments_dir

WORKERS = 2
START_TIMEOUT_S = 90.0
MODEL = "s3://bench/model.tar.gz"
VARIABLES = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv"}
# What the image's requirements pin, as far as this Python has wheels; sagemaker-containers itself demands Flask 1.1.1.
PEER_PACKAGES = (
    "sagemaker-containers==2.8.6.post2", "flask==1.1.1", "itsdangerous==2.0.1", "jinja2<3.1", "markupsafe<2.1",
    "werkzeug==2.0.3", "protobuf==3.20.2", "gunicorn==23.0.0", "gevent", "setuptools<81", "scikit-learn==1.4.2",
    "numpy==2.1.0", "scipy==1.15.0", "pandas==2.2.3",
)  # fmt: skip
# The nginx.conf of sagemaker-containers, with paths and a port of this run.
NGINX_CONF = """
worker_processes auto;
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
worker_rlimit_nofile 4096;
events {{ worker_connections 2048; }}
http {{
  access_log {directory}/access.log combined;
  client_body_temp_path {directory}; proxy_temp_path {directory}; fastcgi_temp_path {directory};
  uwsgi_temp_path {directory}; scgi_temp_path {directory};
  upstream gunicorn {{ server unix:{directory}/gunicorn.sock; }}
  server {{
    listen 127.0.0.1:{port} deferred;
    client_max_body_size 0;
    keepalive_timeout 3;
    location ~ ^/(ping|invocations|execution-parameters) {{
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header Host $http_host;
      proxy_redirect off;
      proxy_read_timeout 60s;
      proxy_pass http://gunicorn;
    }}
  }}
}}
"""
WRK_SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "text/csv"
wrk.headers["Accept"] = "text/csv"
wrk.body = [[{body}]]
"""
NOTHING = b"""
def model_fn(model_dir):
    return None

def input_fn(body, content_type):
    return body

def predict_fn(body, model):
    return body

def output_fn(body, accept):
    return body, accept
"""


class _Objects:
    """S3 with one object."""

    def __init__(self, archive: bytes) -> None:
        self._archive = archive

    def read(self, uri: str) -> bytes:
        if uri != MODEL:
            raise ArtifactError(f"{uri} is not there")
        return self._archive

    def exists(self, uri: str) -> bool:
        return uri == MODEL


def main() -> None:
    """Measure and print both cases."""
    arguments = _arguments()
    for tool in ("wrk", "nginx"):
        if shutil.which(tool) is None:
            sys.exit(f"benchmarks.sklearn_container needs {tool} on the PATH")
    with tempfile.TemporaryDirectory() as directory:
        sample = train.build(Path(directory) / "sample")
        row = sample.holdout.read_text().strip()
        for title, archive in (
            ("the sample's featurize container", sample.featurize.read_bytes()),
            ("a handler that does nothing", pack({"code/inference.py": NOTHING})),
        ):
            _measure(title, archive, row, arguments)


def _measure(title: str, archive: bytes, row: str, arguments: argparse.Namespace) -> None:
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        script = directory / "post.lua"
        script.write_text(WRK_SCRIPT.format(body=row))
        ports = {"sluice": stack.enter_context(_sluice(directory, archive))}
        ports["AWS's stack"] = stack.enter_context(_aws_stack(directory, archive))
        answers = {name: _answer(port, row) for name, port in ports.items()}
        if len(set(answers.values())) != 1:
            sys.exit(f"the two answer differently: {answers}")
        rates: dict[str, list[float]] = {name: [] for name in ports}
        for _ in range(arguments.rounds + 1):
            for name, port in ports.items():
                rates[name].append(_load(port, script, arguments))
    print(f"\n{title}, {WORKERS} workers, {arguments.connections} connections")
    for name, measured in rates.items():
        print(f"  {name:12} {statistics.median(measured[1:]):9,.0f} requests/s")
    ours, theirs = (measured[1:] for measured in rates.values())
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    print(f"  ratio        {statistics.median(ratios):9.2f}   ({min(ratios):.2f} to {max(ratios):.2f})")


@contextlib.contextmanager
def _sluice(directory: Path, archive: bytes) -> Iterator[int]:
    settings = Settings(data_dir=directory)
    place = Placement(
        "eu-west-1", "bench", "AllTraffic", "i-0", InstanceLimits("ml.c5.large", WORKERS, 4.0),
        directory / "sluice", directory / "sluice.log",
    )  # fmt: skip
    place.directory.mkdir()
    container = Container("bench", train.SKLEARN_IMAGE, MODEL, VARIABLES)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runtime = ProcessRuntime(_Objects(archive), settings)
        runner.run(runtime.prepare(container, place))
        running = runner.run(runtime.start(container, place))
        try:
            _await_ready(running.port, place.log_file)
            yield running.port
        finally:
            runner.run(running.stop(5.0))


@contextlib.contextmanager
def _aws_stack(directory: Path, archive: bytes) -> Iterator[int]:
    base, port, log = directory / "aws", _free_port(), directory / "aws.log"
    artifacts.unpack(archive, MODEL, base / "model")
    (directory / "nginx.conf").write_text(NGINX_CONF.format(directory=directory, port=port))
    python = _peer_python()
    gunicorn = [
        str(python), "-m", "gunicorn", "--timeout", "60", "-k", "gevent", "-b", f"unix:{directory}/gunicorn.sock",
        "--worker-connections", str(1000 * WORKERS), "-w", str(WORKERS), "--log-level", "info", "aws_stack:app",
    ]  # fmt: skip
    environment = {
        **os.environ,
        **VARIABLES,
        "SAGEMAKER_BASE_DIR": str(base),
        "PYTHONPATH": str(Path(__file__).parent),
        "OMP_NUM_THREADS": "1",
    }
    with contextlib.ExitStack() as stack:
        stack.enter_context(_program(gunicorn, environment, log))
        stack.enter_context(_program(["nginx", "-c", str(directory / "nginx.conf")], environment, log))
        _await_ready(port, log)
        yield port


@contextlib.contextmanager
def _program(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[None]:
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _peer_python() -> Path:
    place = user_environments_dir().parent / "benchmarks" / "aws-stack"
    python, made = place / "bin" / "python", place / "complete"
    if not made.exists():
        print(f"installing AWS's stack into {place}, once")
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PEER_PACKAGES], check=True)
        made.touch()
    return python


def _await_ready(port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=2):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    sys.exit(f"not ready within {START_TIMEOUT_S:g} s:\n{log.read_text()[-2000:]}")


def _answer(port: int, row: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request("POST", "/invocations", row, {"Content-Type": "text/csv", "Accept": "text/csv"})
        return connection.getresponse().read()


def _load(port: int, script: Path, arguments: argparse.Namespace) -> float:
    command = ["wrk", "-t1", f"-c{arguments.connections}", f"-d{arguments.seconds}s", "-s", str(script)]
    said = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/invocations"], check=True, capture_output=True, text=True
    ).stdout
    if "Non-2xx" in said:
        sys.exit(said)
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if found is None:
        sys.exit(said)
    return float(found[1])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sklearn_container", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""The gateway's own cost on a chain of three containers, with nginx + LuaJIT doing the same on the same containers.

    python -m benchmarks.chain [--rounds 5] [--seconds 3] [--connections 32] [--body-bytes 1024]

Three hops, each a trivial echo server in a process of its own; one gateway process: gateway, signature parsing,
counting and data plane behind the HTTP server, as `serve` composes them, or one nginx worker whose Lua code asks the
same three hops. wrk sends over loopback what boto3 sends, every request with a signature, date and invocation id of its
own: first on many connections for throughput, then on one for latency. Rounds are interleaved, the first one warms up.

Printed are medians, and the CPU time of the gateway for a request: other work on the machine moves that less. A ratio
is that of one round, so that both had the same machine; of these, the median. Needs wrk and, for the peer, nginx with
its Lua module (Debian: libnginx-mod-http-lua).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import uvloop

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.data.entrance import Invocations
from include.sagemaker_local.data.plane import DataPlane
from include.sagemaker_local.fault_page import FaultPage
from include.sagemaker_local.faults import FaultTable
from include.sagemaker_local.gateway import Admin, Gateway
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.messages import Handler, Request, Response
from include.sagemaker_local.http1.server import start_server
from include.sagemaker_local.metrics.tally import InvocationTally
from include.sagemaker_local.routes import Hop, Instance, Route, RouteTable, VariantRoute
from include.sagemaker_local.settings import MEBIBYTE, Settings
from include.sagemaker_local.store.store import Store

PATH = "/endpoints/bench/invocations"
HOPS = 3
START_TIMEOUT_S = 15.0
MODULES = Path("/usr/lib/nginx/modules")  # where Debian puts them
# What boto3 1.4x sends for invoke_endpoint. Like boto3's, no two heads are the same.
WRK_SCRIPT = """
local body = string.rep("x", {body_bytes})
local head = "POST {path} HTTP/1.1\\r\\nHost: 127.0.0.1:4566\\r\\nAccept-Encoding: identity\\r\\n" ..
  "Content-Type: text/csv\\r\\nAccept: text/csv\\r\\n" ..
  "User-Agent: Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.12.1 " ..
  "md/pyimpl#CPython m/Z,b cfg/retry-mode#legacy Botocore/1.40.0\\r\\n" ..
  "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/sagemaker/aws4_request, " ..
  "SignedHeaders=accept;content-type;host;x-amz-date, Signature="
local tail = "\\r\\namz-sdk-request: attempt=1\\r\\nContent-Length: " .. #body .. "\\r\\n\\r\\n" .. body
local count = 0
request = function()
  count = count + 1
  return string.format("%s%064x\\r\\nX-Amz-Date: 20260101T%06dZ\\r\\namz-sdk-invocation-id: 3f1c0c3e-%012x%s",
    head, count, count % 240000, count, tail)
end
"""
NGINX_CONF = """
load_module {modules}/ndk_http_module.so;
load_module {modules}/ngx_http_lua_module.so;
worker_processes 1;
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {directory}; proxy_temp_path {directory}; fastcgi_temp_path {directory};
  uwsgi_temp_path {directory}; scgi_temp_path {directory};
  lua_load_resty_core off;
{upstreams}
  server {{
    listen 127.0.0.1:{port};
{locations}
    location = {path} {{
      content_by_lua_block {{
        ngx.req.read_body()
        local body = ngx.req.get_body_data()
        for hop = 1, {hops} do
          local answer = ngx.location.capture("/hop" .. hop, {{method = ngx.HTTP_POST, body = body}})
          if answer.status ~= 200 then ngx.exit(424) end
          body = answer.body
          ngx.req.set_header("Content-Type", answer.header["Content-Type"])
          ngx.header["Content-Type"] = answer.header["Content-Type"]
        end
        ngx.print(body)
      }}
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Run:
    """One run of wrk against one gateway."""

    requests_per_s: float
    cpu_us_per_request: float
    p50_us: float


@dataclass(frozen=True)
class Load:
    """What is asked of both gateways in each round, and the figure that is compared."""

    title: str
    connections: int
    compared: Callable[[Run], float]


def main() -> None:
    """Measure and print the table."""
    arguments = _arguments()
    if shutil.which("wrk") is None:
        sys.exit("benchmarks.chain needs wrk on the PATH")
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        hops = [stack.enter_context(_python("hop", port)) for port in _free_ports(HOPS)]
        gateways = {"sluice": stack.enter_context(_python("gateway", _free_ports(1)[0], *(port for _, port in hops)))}
        if shutil.which("nginx") and (MODULES / "ngx_http_lua_module.so").exists():
            gateways["nginx"] = stack.enter_context(_nginx(directory, [port for _, port in hops]))
        else:
            print("nginx or its Lua module is missing: no peer in this run")
        script = directory / "post.lua"
        script.write_text(WRK_SCRIPT.format(path=PATH, body_bytes=arguments.body_bytes))
        for load in _loads(arguments):
            runs: dict[str, list[Run]] = {name: [] for name in gateways}
            for _ in range(arguments.rounds + 1):
                for name, (pid, port) in gateways.items():
                    runs[name].append(_load(pid, port, script, load.connections, arguments.seconds))
            _report(load, {name: measured[1:] for name, measured in runs.items()})


def _loads(arguments: argparse.Namespace) -> tuple[Load, ...]:
    return (
        Load("requests a second", arguments.connections, lambda run: run.requests_per_s),
        Load("p50", 1, lambda run: run.p50_us),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--body-bytes", type=int, default=1024)
    return parser.parse_args()


def _load(pid: int, port: int, script: Path, connections: int, seconds: int) -> Run:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script)]
    before_s = _cpu_s(pid)
    output = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{PATH}"], check=True, capture_output=True, text=True
    ).stdout
    used_s = _cpu_s(pid) - before_s
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"the load met errors, so the figures mean nothing:\n{output}")
    requests = int(_found(r"(\d+) requests in", output)[0])
    p50 = _found(r"50%\s+([\d.]+)(us|ms|s)\n", output)
    return Run(
        requests_per_s=float(_found(r"Requests/sec:\s+([\d.]+)", output)[0]),
        cpu_us_per_request=used_s / requests * 1_000_000,
        p50_us=float(p50[0]) * {"us": 1, "ms": 1_000, "s": 1_000_000}[p50[1]],
    )


def _found(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    if match is None:
        sys.exit(f"wrk printed something unexpected:\n{text}")
    return match.groups()


def _cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _report(load: Load, runs: dict[str, list[Run]]) -> None:
    title = f"{load.connections} connections"
    print(f"{title:15} {'requests/s':>11} {'(min':>8} {'max)':>8} {'p50 us':>8} {'CPU us/request':>15}")
    for name, measured in runs.items():
        rates = [run.requests_per_s for run in measured]
        p50_us = statistics.median(run.p50_us for run in measured)
        cpu_us = statistics.median(run.cpu_us_per_request for run in measured)
        spread = f"{min(rates):8,.0f} {max(rates):8,.0f}"
        print(f"{name:15} {statistics.median(rates):11,.0f} {spread} {p50_us:8,.0f} {cpu_us:15.1f}")
    if "nginx" in runs:
        pairs = zip(runs["sluice"], runs["nginx"], strict=True)
        ratios = sorted(load.compared(ours) / load.compared(theirs) for ours, theirs in pairs)
        shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"sluice / nginx, {load.title}: {statistics.median(ratios):.2f} (rounds: {shown})")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextlib.contextmanager
def _running(command: list[str], port: int) -> Iterator[tuple[int, int]]:
    """A process that listens on `port`: its pid and port. What it says is shown only if it does not start."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stderr=said)
        try:
            _await_port(process, port, said)
            yield process.pid, port
        finally:
            process.terminate()
            process.wait()


def _await_port(process: subprocess.Popen[bytes], port: int, said: IO[str]) -> None:
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > deadline_s:
            said.seek(0)
            sys.exit(f"did not start: {process.args!r}\n{said.read()}")
        time.sleep(0.05)


def _python(role: str, port: int, *hop_ports: int) -> contextlib.AbstractContextManager[tuple[int, int]]:
    return _running([sys.executable, "-m", "benchmarks.chain", role, str(port), *map(str, hop_ports)], port)


def _nginx(directory: Path, hop_ports: list[int]) -> contextlib.AbstractContextManager[tuple[int, int]]:
    (port,) = _free_ports(1)
    upstreams = locations = ""
    for number, hop_port in enumerate(hop_ports, 1):
        upstreams += f"  upstream hop{number} {{ server 127.0.0.1:{hop_port}; keepalive 64; }}\n"
        proxy = f'proxy_pass http://hop{number}/invocations; proxy_http_version 1.1; proxy_set_header Connection "";'
        locations += f"    location /hop{number} {{ internal; {proxy} }}\n"
    conf = directory / "nginx.conf"
    conf.write_text(
        NGINX_CONF.format(
            directory=directory,
            modules=MODULES,
            port=port,
            path=PATH,
            hops=len(hop_ports),
            upstreams=upstreams,
            locations=locations,
        )
    )
    return _running(["nginx", "-e", str(directory / "error.log"), "-c", str(conf), "-p", str(directory)], port)


async def _echo(request: Request) -> Response:
    return Response(200, [(b"content-type", b"text/csv")], request.body)


def _gateway(hop_ports: list[int], opened: contextlib.ExitStack) -> Handler:
    hops = tuple(Hop(f"container-{number}", "127.0.0.1", port) for number, port in enumerate(hop_ports, 1))
    routes, clock = RouteTable(), SystemClock()
    variant = VariantRoute("AllTraffic", 1.0, (Instance("i-0", hops),))
    routes.put(Route("us-east-1", "bench", "bench-config", (variant,)))
    settings = Settings(data_dir=Path(opened.enter_context(tempfile.TemporaryDirectory())))
    store = Store(settings.data_dir / "sagemaker.sqlite3", clock)
    opened.callback(store.close)
    data = DataPlane(routes, settings, HttpClient(), clock, InvocationTally())
    admin = Admin(store, settings, _nothing, FaultPage(FaultTable(), {}, _nobody))
    return Gateway(Invocations(data, _echo), _echo, admin, _echo).handle


async def _nothing() -> None:
    """No part of this benchmark resets anything."""


async def _nobody(on: bool) -> None:
    """No part of it injects faults."""


async def _serve(role: str, port: int, hop_ports: list[int]) -> None:
    with contextlib.ExitStack() as opened:
        handler = _echo if role == "hop" else _gateway(hop_ports, opened)
        await start_server(handler, port=port, max_body_bytes=MEBIBYTE)
        await asyncio.Event().wait()


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in ("hop", "gateway"):
        uvloop.run(_serve(sys.argv[1], int(sys.argv[2]), [int(port) for port in sys.argv[3:]]))
    else:
        main()

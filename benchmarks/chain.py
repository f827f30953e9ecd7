"""The gateway's own cost on a chain of three containers, with nginx + LuaJIT doing the same on the same containers.

    python -m benchmarks.chain [--rounds 3] [--seconds 3] [--connections 16]

Three hops, each a trivial echo server in a process of its own; one gateway process: the data plane behind the HTTP
server, as `serve` composes it, or one nginx worker whose Lua code asks the same three hops. Load by wrk over loopback;
rounds are interleaved. Printed are requests a second and the CPU time of the gateway for a request: other work on the
machine moves the latter less. Needs wrk and, for the peer, nginx with its Lua module (Debian: libnginx-mod-http-lua).
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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import uvloop

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.data.plane import DataPlane
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.messages import Handler, Request, Response
from include.sagemaker_local.http1.server import start_server
from include.sagemaker_local.metrics.tally import InvocationTally
from include.sagemaker_local.routes import Hop, Instance, Route, RouteTable, VariantRoute
from include.sagemaker_local.settings import MEBIBYTE, Settings

PATH = "/endpoints/bench/invocations"
HOPS = 3
START_TIMEOUT_S = 15.0
MODULES = Path("/usr/lib/nginx/modules")  # where Debian puts them
WRK_SCRIPT = """
wrk.method = "POST"
wrk.body = "5.1,3.5,1.4,0.2"
wrk.headers["Content-Type"] = "text/csv"
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
        script.write_text(WRK_SCRIPT)
        runs: dict[str, list[Run]] = {name: [] for name in gateways}
        for _ in range(arguments.rounds + 1):
            for name, (pid, port) in gateways.items():
                runs[name].append(_load(pid, port, script, arguments))
    _report({name: measured[1:] for name, measured in runs.items()})  # the first round warms up


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    return parser.parse_args()


def _load(pid: int, port: int, script: Path, arguments: argparse.Namespace) -> Run:
    command = ["wrk", "-t1", f"-c{arguments.connections}", f"-d{arguments.seconds}s", "-s", str(script)]
    before_s = _cpu_s(pid)
    output = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{PATH}"], check=True, capture_output=True, text=True
    ).stdout
    used_s = _cpu_s(pid) - before_s
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"the load met errors, so the figures mean nothing:\n{output}")
    requests = int(_found(r"(\d+) requests in", output))
    return Run(float(_found(r"Requests/sec:\s+([\d.]+)", output)), used_s / requests * 1_000_000)


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        sys.exit(f"wrk printed something unexpected:\n{text}")
    return match.group(1)


def _cpu_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _report(runs: dict[str, list[Run]]) -> None:
    print(f"{'gateway':8} {'requests/s':>11} {'(min':>8} {'max)':>8} {'CPU us/request':>15}")
    for name, measured in runs.items():
        rates = [run.requests_per_s for run in measured]
        cpu_us = statistics.median(run.cpu_us_per_request for run in measured)
        print(f"{name:8} {statistics.median(rates):11,.0f} {min(rates):8,.0f} {max(rates):8,.0f} {cpu_us:15.1f}")
    if "nginx" in runs:
        pairs = zip(runs["sluice"], runs["nginx"], strict=True)
        ratios = sorted(ours.requests_per_s / theirs.requests_per_s for ours, theirs in pairs)
        print(
            f"sluice / nginx: {statistics.median(ratios):.2f} (rounds: {', '.join(f'{ratio:.2f}' for ratio in ratios)})"
        )


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


def _data_plane(hop_ports: list[int]) -> Handler:
    hops = tuple(Hop(f"container-{number}", "127.0.0.1", port) for number, port in enumerate(hop_ports, 1))
    routes = RouteTable()
    variant = VariantRoute("AllTraffic", 1.0, (Instance("i-0", hops),))
    routes.put(Route("us-east-1", "bench", "bench-config", (variant,)))
    plane = DataPlane(routes, Settings(data_dir=Path("unused")), HttpClient(), SystemClock(), InvocationTally())

    async def invoke(request: Request) -> Response:
        return await plane.handle(request, "us-east-1")

    return invoke


async def _serve(role: str, port: int, hop_ports: list[int]) -> None:
    handler = _echo if role == "hop" else _data_plane(hop_ports)
    await start_server(handler, port=port, max_body_bytes=MEBIBYTE)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in ("hop", "gateway"):
        uvloop.run(_serve(sys.argv[1], int(sys.argv[2]), [int(port) for port in sys.argv[3:]]))
    else:
        main()

"""The gateway's own cost on a chain of containers, with others doing the same on the same containers in the same run.

    python -m benchmarks.chain [--hops 3] [--processes 2] [--peers nginx,aiohttp,fastapi] [--rounds 5] [--seconds 3]
                               [--connections 32] [--body-bytes 1024] [--lean]

Every container is a process of its own that echoes: a trivial handler on this project's HTTP server, or with --lean the
least that Python can do, so that more of the figures is the gateways and less what stands behind them. The gateway is
that of `serve`, its processes started by the same code, with metrics and headers on. The peers are one process each:
nginx, whose Lua code asks the hops one after the other (ngx.location.capture), aiohttp's server and client, and FastAPI
on uvicorn with httpx. wrk sends over loopback what boto3 sends, every request with a signature, date and invocation id
of its own: first on many connections for throughput, then on one for latency. Rounds are interleaved, the first one
warms up.

Printed are medians, and the CPU time for a request, of all processes of the gateway together and of the containers:
other work on the machine moves that less. A ratio is that of one round, so that both had the same machine; of these,
the median.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import chain_servers
from benchmarks.chain_servers import PATH, Server

PEERS = ("nginx", "aiohttp", "fastapi")
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


@dataclass(frozen=True)
class Run:
    """One run of wrk against one gateway."""

    requests_per_s: float
    cpu_us_per_request: float
    containers_us_per_request: float
    p50_us: float


@dataclass(frozen=True)
class Load:
    """What is asked of all gateways in each round, and the figure that is compared."""

    title: str
    connections: int
    compared: Callable[[Run], float]


def main() -> None:
    """Measure and print the tables."""
    arguments = _arguments()
    if shutil.which("wrk") is None:
        sys.exit("benchmarks.chain needs wrk on the PATH")
    print(f"{_machine()}; {arguments.hops} hops, {arguments.body_bytes} bytes, {arguments.processes} gateway processes")
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        containers = stack.enter_context(chain_servers.hops(arguments.hops, lean=arguments.lean))
        servers = {"sluice": stack.enter_context(chain_servers.sluice(containers, arguments.processes))}
        for name in filter(None, arguments.peers.split(",")):
            if lacks := chain_servers.missing(name):
                print(f"{name} is left out: this machine lacks {lacks}")
            else:
                servers[name] = stack.enter_context(chain_servers.peer(name, containers, directory))
        script = directory / "post.lua"
        script.write_text(WRK_SCRIPT.format(path=PATH, body_bytes=arguments.body_bytes))
        for load in _loads(arguments):
            runs: dict[str, list[Run]] = {name: [] for name in servers}
            for _ in range(arguments.rounds + 1):
                for name, server in servers.items():
                    runs[name].append(run(server, script, load.connections, arguments.seconds, containers))
            _report(load, {name: measured[1:] for name, measured in runs.items()})


def run(server: Server, script: Path, connections: int, seconds: int, containers: Sequence[Server] = ()) -> Run:
    """wrk with that script, on so many connections, and what that takes of the server and of the containers."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "30s", "-s", str(script)]
    before_s, containers_before_s = cpu_s(server.pid), sum(cpu_s(each.pid) for each in containers)
    url = f"http://127.0.0.1:{server.port}{PATH}"
    output = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    used_s = cpu_s(server.pid) - before_s
    containers_used_s = sum(cpu_s(each.pid) for each in containers) - containers_before_s
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"the load met errors, so the figures mean nothing:\n{output}")
    requests = int(_found(r"(\d+) requests in", output)[0])
    if not requests:
        sys.exit(f"nothing was answered in {seconds} s; give it more --seconds")
    p50 = _found(r"50%\s+([\d.]+)(us|ms|s)\s", output)
    return Run(
        requests_per_s=float(_found(r"Requests/sec:\s+([\d.]+)", output)[0]),
        cpu_us_per_request=used_s / requests * 1_000_000,
        containers_us_per_request=containers_used_s / requests * 1_000_000,
        p50_us=float(p50[0]) * {"us": 1, "ms": 1_000, "s": 1_000_000}[p50[1]],
    )


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def cpu_s(pid: int) -> float:
    """User and system time of a process and its children so far."""
    ticks = 0
    for each in family(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _loads(arguments: argparse.Namespace) -> tuple[Load, ...]:
    return (
        Load("requests a second", arguments.connections, lambda run: run.requests_per_s),
        Load("p50", 1, lambda run: run.p50_us),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hops", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--body-bytes", type=int, default=1024)
    parser.add_argument("--lean", action="store_true")
    return parser.parse_args()


def _found(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    if match is None:
        sys.exit(f"wrk printed something unexpected:\n{text}")
    return match.groups()


def _machine() -> str:
    model = _found(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[0]
    return f"{os.cpu_count()} x {model}, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}"


def _report(load: Load, runs: dict[str, list[Run]]) -> None:
    title = f"{load.connections} connections"
    print(
        f"\n{title:15} {'requests/s':>11} {'(min':>8} {'max)':>8} {'p50 us':>9} {'CPU us/request':>15} {'of hops':>7}"
    )
    for name, measured in runs.items():
        rates = [run.requests_per_s for run in measured]
        p50_us = statistics.median(run.p50_us for run in measured)
        cpu_us = statistics.median(run.cpu_us_per_request for run in measured)
        hops_us = statistics.median(run.containers_us_per_request for run in measured)
        spread = f"{min(rates):8,.0f} {max(rates):8,.0f}"
        print(f"{name:15} {statistics.median(rates):11,.0f} {spread} {p50_us:9,.0f} {cpu_us:15.1f} {hops_us:7.1f}")
    for peer in list(runs)[1:]:
        pairs = zip(runs["sluice"], runs[peer], strict=True)
        ratios = sorted(load.compared(ours) / load.compared(theirs) for ours, theirs in pairs)
        shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"sluice / {peer}, {load.title}: {statistics.median(ratios):.2f} (rounds: {shown})")


if __name__ == "__main__":
    main()

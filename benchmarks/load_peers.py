"""What the benchmark of the load generator compares: the generator itself, wrk, hey and Locust, and nginx under them.

Each takes a Target and sends the same request, byte for byte but for what a client writes itself, from one process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chain_servers import MODULES, free_port, running
from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.load.course import ConstantRate, ConstantUsers
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.process import drive
from include.sagemaker_local.load.requests import Requests
from include.sagemaker_local.load.rules import StopRules
from include.sagemaker_local.load.stage import StageResult
from include.sagemaker_local.wire.sigv4 import Key

FAST, SLOW = "/endpoints/fast/invocations", "/endpoints/slow/invocations"
_ANSWER = '{"predictions": [0.5]}'
_NGINX_CONF = """
{lua}
worker_processes 1;
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  default_type application/json;
  client_body_temp_path {directory}; proxy_temp_path {directory}; fastcgi_temp_path {directory};
  uwsgi_temp_path {directory}; scgi_temp_path {directory};
  server {{
    listen 127.0.0.1:{port};
    location = {fast} {{ return 200 '{answer}'; }}
{slow}
  }}
}}
"""
_LUA = "load_module {modules}/ndk_http_module.so;\nload_module {modules}/ngx_http_lua_module.so;"
_SLOW = """    location = {slow} {{
      content_by_lua_block {{
        ngx.sleep({seconds})
        ngx.header["Content-Length"] = {length}
        ngx.print('{answer}')
      }}
    }}"""
_WRK_SCRIPT = """
wrk.method = "POST"
wrk.body = string.rep("x", {body_bytes})
{headers}
"""
_LOCUST_FILE = """
import json, time
from locust import FastHttpUser, constant, events, task

class User(FastHttpUser):
    wait_time = constant(0)

    @task
    def ask(self):
        self.client.post({path!r}, data=b"x" * {body_bytes}, headers={headers!r})

@events.quitting.add_listener
def say(environment, **_):
    total = environment.stats.total
    seconds = (total.last_request_timestamp or total.start_time + 1) - total.start_time
    print("RESULT " + json.dumps([total.num_requests / seconds, total.num_failures]))
"""


@dataclass(frozen=True)
class Target:
    """What every generator is told."""

    port: int
    path: str
    connections: int
    seconds: int
    body_bytes: int
    directory: Path


@dataclass(frozen=True)
class Run:
    """What a generator said of one run. Latencies are those that it measured itself."""

    requests_per_s: float
    p50_us: float = 0.0
    p99_us: float = 0.0
    busy: float = 0.0


def can_be_slow() -> bool:
    """Whether nginx has the Lua module, without which it cannot take its time."""
    return (MODULES / "ngx_http_lua_module.so").exists()


@contextlib.contextmanager
def nginx(directory: Path, slow_s: float) -> Iterator[int]:
    """The port of an nginx with one worker, which answers on FAST at once and on SLOW after so many seconds."""
    port, lua, slow = free_port(), "", ""
    if can_be_slow():
        lua = _LUA.format(modules=MODULES) + "\n"
        slow = _SLOW.format(slow=SLOW, seconds=slow_s, length=len(_ANSWER), answer=_ANSWER)
    conf = directory / "nginx.conf"
    values = {"directory": directory, "port": port, "fast": FAST, "answer": _ANSWER, "lua": lua, "slow": slow}
    conf.write_text(_NGINX_CONF.format(**values))
    command = ["nginx", "-e", str(directory / "error.log"), "-c", str(conf), "-p", str(directory)]
    with running(command, port):
        yield port


def ours(target: Target, rate_per_s: float | None = None) -> Run:
    """This project's generator, as recommendation jobs use it; with a rate, its open loop."""
    closed = ConstantUsers(target.connections, target.seconds, warm_up_s=0.5)
    course = closed if rate_per_s is None else ConstantRate(rate_per_s, target.seconds, 256, warm_up_s=0.5)
    stage = asyncio.run(_drive(_plan(target, course)))
    if stage.failed:
        sys.exit(f"the load met errors, so the figures mean nothing: {stage.failures} {stage.first_failure}")
    percentile = stage.latency.percentile_us
    return Run(stage.per_second, percentile(50), percentile(99), stage.generator_share)


def wrk(target: Target) -> Run:
    """wrk, with one thread."""
    script = target.directory / "post.lua"
    headers = "\n".join(f"wrk.headers[{name!r}] = {value!r}" for name, value in _headers(target).items())
    script.write_text(_WRK_SCRIPT.format(body_bytes=target.body_bytes, headers=headers))
    command = ["wrk", "-t1", f"-c{target.connections}", f"-d{target.seconds}s", "--latency", "-s", str(script)]
    output = _said([*command, _url(target)])
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"the load met errors, so the figures mean nothing:\n{output}")
    return Run(_number(r"Requests/sec:\s+([\d.]+)", output), _wrk_us("50%", output), _wrk_us("99%", output))


def hey(target: Target) -> Run:
    """hey; its latencies have four decimals of a second only, so they are not compared."""
    body = target.directory / "body"
    body.write_bytes(b"x" * target.body_bytes)
    command = ["hey", "-z", f"{target.seconds}s", "-c", str(target.connections), "-m", "POST", "-D", str(body)]
    for name, value in _headers(target).items():
        command += ["-T", value] if name == "content-type" else ["-H", f"{name}: {value}"]
    output = _said([*command, _url(target)])
    if not re.search(r"Status code distribution:\s+\[200\]\s+\d+ responses\s+\Z", output):
        sys.exit(f"the load met errors, so the figures mean nothing:\n{output}")
    return Run(_number(r"Requests/sec:\s+([\d.]+)", output))


def locust(target: Target, program: str) -> Run:
    """Locust's FastHttpUser, in one process."""
    file = target.directory / "locustfile.py"
    values = {"path": target.path, "body_bytes": target.body_bytes, "headers": _headers(target)}
    file.write_text(_LOCUST_FILE.format(**values))
    users = str(target.connections)
    command = [program, "-f", str(file), "--headless", "-u", users, "-r", users, "-t", f"{target.seconds}s"]
    command += ["--host", f"http://127.0.0.1:{target.port}", "--only-summary"]
    output = _said(command)
    (result,) = re.findall(r"^RESULT (.+)$", output, re.M)
    requests_per_s, failures = json.loads(result)
    if failures or not requests_per_s:
        sys.exit(f"the load met errors, so the figures mean nothing:\n{output}")
    return Run(requests_per_s)


def missing(name: str, program: str) -> str | None:
    """What this machine lacks for a peer."""
    return None if shutil.which(program) else f"{name} ({program} is not on the PATH)"


def _plan(target: Target, course: ConstantUsers | ConstantRate) -> LoadPlan:
    return LoadPlan(
        host="127.0.0.1",
        port=target.port,
        target=target.path,
        headers=(("content-type", "text/csv"),),
        payloads=(b"x" * target.body_bytes,),
        course=course,
        rules=StopRules(stop_when_flat=False),
        timeout_s=20,
        key=Key("AKIDEXAMPLE", "secret"),
        region="us-east-1",
    )


async def _drive(plan: LoadPlan) -> StageResult:
    stages = [stage async for stage in drive(plan)]
    return stages[-1]


def _headers(target: Target) -> Mapping[str, str]:
    """Those of the request that our generator sends: a server's work depends on them."""
    request = Requests(_plan(target, ConstantUsers(1, 1)), SystemClock()).ready[0]
    head = request if isinstance(request, bytes) else request[0]
    lines = head.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")[1:]
    headers = dict(line.split(": ", 1) for line in lines)
    return {name: value for name, value in headers.items() if name not in ("host", "content-length")}


def _url(target: Target) -> str:
    return f"http://127.0.0.1:{target.port}{target.path}"


def _said(command: list[str]) -> str:
    plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    # A session of its own, as our generator is one: Linux shares busy CPUs among those.
    result = subprocess.run(command, capture_output=True, text=True, env=plain, start_new_session=True)
    if result.returncode:
        sys.exit(f"{command[0]} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return result.stdout


def _number(pattern: str, output: str) -> float:
    found = re.search(pattern, output)
    if found is None:
        sys.exit(f"cannot read what it said:\n{output}")
    return float(found[1])


def _wrk_us(name: str, output: str) -> float:
    found = re.search(rf"{name}\s+([\d.]+)(us|ms|s)\s", output)
    if found is None:
        sys.exit(f"cannot read what wrk said:\n{output}")
    return float(found[1]) * {"us": 1, "ms": 1_000, "s": 1_000_000}[found[2]]

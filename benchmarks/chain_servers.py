"""What stands in the benchmarks of the chain: echo containers, the gateway as `serve` starts it, and its peers.

Each is a process (the gateway: a process and its gateway processes) that listens on a port and asks hops on others.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import uvloop

from include.sagemaker_local.edge.processes import GatewayProcesses
from include.sagemaker_local.http1 import unix_socket
from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.http1.server import start_server
from include.sagemaker_local.listening import bind_shared
from include.sagemaker_local.routes import Hop, Instance, Route, VariantRoute
from include.sagemaker_local.settings import MEBIBYTE, Settings

# Up to the end of the head, with the length that it announces.
_ECHO_REQUEST = re.compile(
    rb"POST /invocations HTTP/1\.1\r\n(?:[^\r]+\r\n)*?(?i:content-length): *(\d+)\r\n(?:[^\r]+\r\n)*\r\n"
)
_ECHO_RESPONSE = b"HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ncontent-length: %d\r\n\r\n"
PATH = "/endpoints/bench/invocations"
START_TIMEOUT_S = 15.0
MODULES = Path("/usr/lib/nginx/modules")  # where Debian puts them
_NGINX_CONF = """
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
  client_max_body_size 64m;
  client_body_buffer_size 64m;
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
class Server:
    """One that runs: its process, which may have children, and its port."""

    pid: int
    port: int


@contextlib.contextmanager
def hops(count: int, *, lean: bool = False) -> Iterator[list[Server]]:
    """So many echo containers, each a process: a trivial one on an HTTP server, or one that does next to nothing."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(_python("lean-hop" if lean else "hop", ())) for _ in range(count)]


def sluice(containers: Sequence[Server], processes: int) -> AbstractContextManager[Server]:
    """The gateway in front of these containers."""
    return _python("sluice", (str(processes), *(str(each.port) for each in containers)))


def missing(peer: str) -> str | None:
    """What this machine lacks for a peer."""
    if peer == "nginx":
        there = shutil.which("nginx") and (MODULES / "ngx_http_lua_module.so").exists()
        return None if there else "nginx with its Lua module (Debian: libnginx-mod-http-lua)"
    wanted = {"aiohttp": ("aiohttp",), "fastapi": ("fastapi", "httpx", "uvicorn")}[peer]
    absent = [name for name in wanted if importlib.util.find_spec(name) is None]
    return ", ".join(absent) or None


def peer(name: str, containers: Sequence[Server], directory: Path) -> AbstractContextManager[Server]:
    """nginx, aiohttp or fastapi in front of these containers: one process each."""
    ports = [each.port for each in containers]
    return _nginx(directory, ports) if name == "nginx" else _python(name, tuple(map(str, ports)))


def _nginx(directory: Path, hop_ports: Sequence[int]) -> AbstractContextManager[Server]:
    port = free_port()
    upstreams = locations = ""
    for number, hop_port in enumerate(hop_ports, 1):
        upstreams += f"  upstream hop{number} {{ server 127.0.0.1:{hop_port}; keepalive 64; }}\n"
        proxy = f'proxy_pass http://hop{number}/invocations; proxy_http_version 1.1; proxy_set_header Connection "";'
        locations += f"    location /hop{number} {{ internal; {proxy} }}\n"
    conf = directory / f"nginx-{len(hop_ports)}.conf"
    values = {"directory": directory, "modules": MODULES, "port": port, "path": PATH, "hops": len(hop_ports)}
    conf.write_text(_NGINX_CONF.format(**values, upstreams=upstreams, locations=locations))
    return running(["nginx", "-e", str(directory / "error.log"), "-c", str(conf), "-p", str(directory)], port)


def _python(role: str, arguments: Sequence[str]) -> AbstractContextManager[Server]:
    port = free_port()
    return running([sys.executable, "-m", "benchmarks.chain_servers", role, str(port), *arguments], port)


def free_port() -> int:
    """A port on loopback that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[Server]:
    """A process that listens on the port, until the end of the block; what it says is shown if it does not start.

    It is a session of its own, as containers and gateway processes of `serve` are: Linux shares busy CPUs among those
    (autogroups), and a peer in the session of wrk and the containers would have their share.
    """
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stderr=said, start_new_session=True)
        try:
            _await_port(process, port, said)
            yield Server(process.pid, port)
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


async def _echo(request: Request) -> Response:
    return Response(200, [(b"content-type", b"text/csv")], request.body)


async def _serve_hop(port: int) -> None:
    server = await start_server(_echo, port=port, max_body_bytes=64 * MEBIBYTE)
    await asyncio.Event().wait()
    await server.close(0)


class _LeanEcho(asyncio.Protocol):
    """Reads as much of HTTP as its callers speak: one request at a time, its length announced."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._pieces: list[bytes] = []
        self._missing = 0  # bytes of the body, once the head is there

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        self._missing -= len(data)
        if self._missing > 0:
            return
        whole = b"".join(self._pieces)
        self._pieces = [whole]
        if head := _ECHO_REQUEST.match(whole):
            self._missing = head.end() + int(head[1]) - len(whole)
            if self._missing == 0:
                self._pieces = []
                self._transport.writelines((_ECHO_RESPONSE % int(head[1]), memoryview(whole)[head.end() :]))


async def _serve_lean_hop(port: int) -> None:
    await (await asyncio.get_running_loop().create_server(_LeanEcho, "127.0.0.1", port, backlog=1024)).serve_forever()


async def _serve_sluice(port: int, processes: int, hop_ports: Sequence[int]) -> None:
    """The same processes as `serve`'s, with the same settings; only what gives them their route is another."""
    hops = tuple(Hop(f"container-{number}", "127.0.0.1", each) for number, each in enumerate(hop_ports, 1))
    main = unix_socket.listen("benchmark")  # of the main process, which has no part in invocations
    settings = Settings(data_dir=Path("unused"))
    gateways = GatewayProcesses(bind_shared("127.0.0.1", port, processes), unix_socket.name_of(main), settings)
    await gateways.start()
    variant = VariantRoute("AllTraffic", 1.0, (Instance("i-0", hops),))
    gateways.put(Route("us-east-1", "bench", "bench-config", (variant,)))
    await gateways.serve()
    await asyncio.Event().wait()


async def _serve_aiohttp(port: int, hop_ports: Sequence[int]) -> None:
    import aiohttp
    from aiohttp import web

    urls = [f"http://127.0.0.1:{each}/invocations" for each in hop_ports]
    session = aiohttp.ClientSession()

    async def invoke(request: web.Request) -> web.Response:
        body, kind = await request.read(), request.headers.get("Content-Type", "")
        for url in urls:
            async with session.post(url, data=body, headers={"Content-Type": kind}) as answer:
                body, kind = await answer.read(), answer.headers.get("Content-Type", "")
                if answer.status != 200:
                    raise web.HTTPFailedDependency
        return web.Response(body=body, headers={"Content-Type": kind})

    app = web.Application(client_max_size=64 * MEBIBYTE)
    app.router.add_post("/endpoints/{name}/invocations", invoke)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def _serve_fastapi(port: int, hop_ports: Sequence[int]) -> None:
    import fastapi
    import httpx
    import uvicorn

    urls = [f"http://127.0.0.1:{each}/invocations" for each in hop_ports]
    app, client = fastapi.FastAPI(), httpx.AsyncClient()

    async def invoke(name: str, request: fastapi.Request) -> Any:
        body, kind = await request.body(), request.headers.get("content-type", "")
        for url in urls:
            answer = await client.post(url, content=body, headers={"Content-Type": kind})
            if answer.status_code != 200:
                return fastapi.Response(status_code=424)
            body, kind = answer.content, answer.headers.get("content-type", "")
        return fastapi.Response(content=body, media_type=kind)

    invoke.__annotations__ = {"name": str, "request": fastapi.Request}  # FastAPI would look the names up in the module
    app.post("/endpoints/{name}/invocations")(invoke)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


def _main(role: str, port: int, *rest: int) -> None:
    if role == "hop":
        uvloop.run(_serve_hop(port))
    elif role == "lean-hop":
        uvloop.run(_serve_lean_hop(port))
    elif role == "sluice":
        uvloop.run(_serve_sluice(port, rest[0], rest[1:]))
    elif role == "aiohttp":
        uvloop.run(_serve_aiohttp(port, rest))
    elif role == "fastapi":
        _serve_fastapi(port, rest)


if __name__ == "__main__":
    _main(sys.argv[1], *map(int, sys.argv[2:]))

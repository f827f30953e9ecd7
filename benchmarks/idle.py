"""What a thousand idle keep-alive connections cost the gateway in memory.

    python -m benchmarks.idle [--connections 1000] [--processes 2]

The gateway is that of `serve`, in front of one echo container. Every connection sends one invocation of 1 KiB, as a
client does before it is idle, and stays open. Printed is the memory of all gateway processes together: PSS, in which
what they share counts once (the figure that is claimed), and RSS, in which it counts for each.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import resource
import socket
from pathlib import Path

from benchmarks import chain_servers
from benchmarks.chain import family
from benchmarks.chain_servers import PATH

_HEAD = (
    f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/csv\r\n"
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/sagemaker/aws4_request, "
    f"SignedHeaders=host, Signature={'0' * 64}\r\nContent-Length: 1024\r\n\r\n"
).encode()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with chain_servers.hops(1) as containers, chain_servers.sluice(containers, arguments.processes) as server:
        print(f"{arguments.processes} gateway processes, MiB: PSS, RSS")
        for _ in range(20 * arguments.processes):  # the port is there before the processes are
            with socket.create_connection(("127.0.0.1", server.port)) as first:
                _invoke(first)
        gateways = family(server.pid)[1:]  # the first is what `serve`'s main process is elsewhere
        _show("without connections", gateways)
        with contextlib.ExitStack() as opened:
            for _ in range(arguments.connections):
                _invoke(opened.enter_context(socket.create_connection(("127.0.0.1", server.port))))
            _show(f"with {arguments.connections} idle", gateways)


def memory_mib(pids: list[int]) -> tuple[float, float]:
    """PSS and RSS of the processes together."""
    pss_kib = rss_kib = 0
    for pid in pids:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        pss_kib += int(re.findall(r"^Pss:\s+(\d+)", rollup, re.M)[0])
        rss_kib += int(re.findall(r"^Rss:\s+(\d+)", rollup, re.M)[0])
    return pss_kib / 1024, rss_kib / 1024


def _invoke(sock: socket.socket) -> None:
    sock.sendall(_HEAD + b"x" * 1024)
    received = b""
    while not received.endswith(b"x" * 1024):
        received += sock.recv(65536)
    if not received.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"the gateway refused: {received[:200]!r}")


def _show(when: str, pids: list[int]) -> None:
    print("{:24} {:7.1f} {:7.1f}".format(when, *memory_mib(pids)))


if __name__ == "__main__":
    main()

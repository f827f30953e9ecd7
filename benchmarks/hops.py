"""What each further container of a chain costs, from 2 to 15 of them, in small bodies and in large ones.

    python -m benchmarks.hops [--body-bytes 1024] [--counts 2,5,10,15] [--rounds 5] [--seconds 2] [--connections 1]

The gateway of `serve` and, where it is there, nginx with LuaJIT, as in benchmarks.chain, one after the other for every
length of chain in each round; the first round warms up. Printed are medians, the gateway's CPU time for a request, and
for each step from one length to the next what one more hop costs of both. Flat means that the last step costs no more
a hop than the first. With --body-bytes 5000000, the most that AWS hands from container to container, the CPU of a hop
is what reading and writing the body takes; beside it stands what one copy of the body costs on this machine.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import chain_servers
from benchmarks.chain import WRK_SCRIPT, Run, run
from benchmarks.chain_servers import PATH, Server


def main() -> None:
    """Measure and print the table."""
    arguments = _arguments()
    counts = [int(count) for count in arguments.counts.split(",")]
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        script = directory / "post.lua"
        script.write_text(WRK_SCRIPT.format(path=PATH, body_bytes=arguments.body_bytes))
        containers = stack.enter_context(chain_servers.hops(max(counts)))
        servers = {
            (name, count): stack.enter_context(_server(name, containers[:count], directory, arguments.processes))
            for name in _gateways()
            for count in counts
        }
        runs: dict[tuple[str, int], list[Run]] = {key: [] for key in servers}
        for _ in range(arguments.rounds + 1):
            for key, server in servers.items():
                runs[key].append(run(server, script, arguments.connections, arguments.seconds))
    for name in _gateways():
        _report(name, {count: runs[name, count][1:] for count in counts})
    print(f"\none copy of {arguments.body_bytes:,} bytes: {_copy_us(arguments.body_bytes):,.1f} us")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--body-bytes", type=int, default=1024)
    parser.add_argument("--counts", default="2,5,10,15")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=1)
    return parser.parse_args()


def _gateways() -> list[str]:
    return ["sluice"] if chain_servers.missing("nginx") else ["sluice", "nginx"]


def _server(
    name: str, containers: list[Server], directory: Path, processes: int
) -> contextlib.AbstractContextManager[Server]:
    if name == "sluice":
        return chain_servers.sluice(containers, processes)
    own = directory / f"nginx-{len(containers)}"
    own.mkdir()
    return chain_servers.peer(name, containers, own)


def _report(name: str, runs: dict[int, list[Run]]) -> None:
    print(f"\n{name:8} {'p50 us':>10} {'CPU us/request':>15} {'p50 a further hop':>18} {'CPU a further hop':>18}")
    before: tuple[int, float, float] | None = None
    for count, measured in runs.items():
        p50_us = statistics.median(each.p50_us for each in measured)
        cpu_us = statistics.median(each.cpu_us_per_request for each in measured)
        more = ""
        if before is not None:
            hops = count - before[0]
            more = f"{(p50_us - before[1]) / hops:18,.1f} {(cpu_us - before[2]) / hops:18,.1f}"
        print(f"{count:3} hops {p50_us:10,.0f} {cpu_us:15,.1f} {more}")
        before = (count, p50_us, cpu_us)


def _copy_us(size: int) -> float:
    """The quickest of many, since anything else is other work."""
    body = bytearray(size)

    def once() -> float:
        began_s = time.perf_counter()
        bytes(body)
        return time.perf_counter() - began_s

    return min(once() for _ in range(50)) * 1_000_000


if __name__ == "__main__":
    main()

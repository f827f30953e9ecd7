"""The load generator beside wrk, hey and Locust's FastHttpUser: how much each can send, and what latency each sees.

    python -m benchmarks.load [--rounds 5] [--seconds 5] [--connections 16] [--body-bytes 1024] [--slow-ms 5]
                              [--locust path/to/locust]

One nginx with one worker on loopback; every generator is one process (wrk: one thread) with as many connections and
sends the same request, signature and all. Rounds are interleaved, the first one warms up. A ratio is that of one round,
so that both had the same machine; of these, the median and the extremes.

Latency can be compared where both offer the same load. At full speed they do not: each request waits for those of the
other connections, so that a generator which sends 5 % more sees 5 % less. So nginx takes --slow-ms for an answer: then
each sends what its connections allow, the same number to a fraction of a percent (the table has it), and neither is
busy. wrk has no rate; the open loop is compared at the rate that wrk came to.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from benchmarks.load_peers import FAST, SLOW, Run, Target, can_be_slow, hey, locust, missing, nginx, ours, wrk

Generator: TypeAlias = Callable[[Target], Run]


def main() -> None:
    """Measure and print the tables."""
    arguments = _arguments()
    if shutil.which("nginx") is None or shutil.which("wrk") is None:
        sys.exit("benchmarks.load needs nginx and wrk on the PATH (Debian: nginx wrk)")
    print(f"{os.cpu_count()} CPUs, load average {os.getloadavg()[0]:.2f}; {arguments.connections} connections")
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = stack.enter_context(nginx(directory, arguments.slow_ms / 1000))
        sizes = (arguments.connections, arguments.seconds, arguments.body_bytes, directory)
        _speed(Target(port, FAST, *sizes), arguments)
        if can_be_slow():
            _latency(Target(port, SLOW, *sizes), arguments)
        else:
            print("latencies are left out: this machine lacks nginx's Lua module (Debian: libnginx-mod-http-lua)")


def _speed(target: Target, arguments: argparse.Namespace) -> None:
    generators: dict[str, Generator] = {"ours": ours, "wrk": wrk}
    others: dict[str, tuple[str, Generator]] = {
        "hey": ("hey", hey),
        "locust": (arguments.locust, lambda target: locust(target, arguments.locust)),
    }
    for name, (program, generator) in others.items():
        if lacks := missing(name, program):
            print(f"left out: {lacks}")
        else:
            generators[name] = generator
    runs = _rounds(generators, target, arguments.rounds)
    print(f"\n{'at full speed':14} {'requests/s':>12} {'ours against it':>28} {'p50 us':>8} {'p99 us':>8}")
    for name, measured in runs.items():
        ratios = _ratios([run.requests_per_s for run in runs["ours"]], [run.requests_per_s for run in measured])
        latencies = f"{_median(measured, 'p50_us'):8,.0f} {_median(measured, 'p99_us'):8,.0f}"
        shown = latencies if measured[0].p50_us else ""
        print(f"{name:14} {_median(measured, 'requests_per_s'):12,.0f} {ratios if name != 'ours' else '':>28} {shown}")
    print(f"our generator's share of a core: {_median(runs['ours'], 'busy'):.2f}")


def _latency(target: Target, arguments: argparse.Namespace) -> None:
    rate_per_s = wrk(target).requests_per_s
    generators: dict[str, Generator] = {
        "wrk": wrk,
        "closed loop": ours,
        "open loop": lambda target: ours(target, rate_per_s),
    }
    runs = _rounds(generators, target, arguments.rounds)
    print(f"\nnginx takes {arguments.slow_ms:g} ms; against wrk:")
    print(f"{'':14} {'requests/s':>28} {'p50':>28} {'p99':>28}")
    for name in generators:
        figures = ("requests_per_s", "p50_us", "p99_us")
        cells = [_ratios([getattr(r, f) for r in runs[name]], [getattr(r, f) for r in runs["wrk"]]) for f in figures]
        if name == "wrk":
            cells = [f"{_median(runs[name], figure):,.0f}" for figure in figures]
        print(f"{name:14} " + " ".join(f"{cell:>28}" for cell in cells))


def _rounds(generators: Mapping[str, Generator], target: Target, rounds: int) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {name: [] for name in generators}
    for _ in range(rounds + 1):
        for name, generator in generators.items():
            runs[name].append(generator(target))
    return {name: measured[1:] for name, measured in runs.items()}


def _ratios(mine: Sequence[float], theirs: Sequence[float]) -> str:
    ratios = [mine_ / theirs_ for mine_, theirs_ in zip(mine, theirs, strict=True)]
    return f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"


def _median(runs: Sequence[Run], figure: str) -> float:
    return float(statistics.median(getattr(run, figure) for run in runs))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--body-bytes", type=int, default=1024)
    parser.add_argument("--slow-ms", type=float, default=5)
    parser.add_argument("--locust", default="locust", help="Locust's program; it does not belong into this environment")
    return parser.parse_args()


if __name__ == "__main__":
    main()

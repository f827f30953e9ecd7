"""The load generator's own process: a plan on stdin (one line of JSON), one line of JSON for each event on stdout.

Events are `{"progress": ...}`, about one a second, and `{"stage": ...}`.

It has an interpreter of its own so that it does not compete with the gateway for one. Its stdin stays open for as long
as its parent lives; when that ends, however it ended, so does this process.
"""

from __future__ import annotations

import gc
import json
import os
import ssl
import sys
import threading
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import uvloop

from include.sagemaker_local.load.dialer import Dialer
from include.sagemaker_local.load.generator import Generator
from include.sagemaker_local.load.plan import LoadPlan

_STDIN = 0
_CHUNK_BYTES = 1 << 20


def main() -> None:
    """Run the plan that comes on stdin."""
    line = _read_line()
    if line is None:
        return
    plan = LoadPlan.from_json(json.loads(line))
    if plan.cores:
        os.sched_setaffinity(0, plan.cores)
    gc.freeze()  # going through all that was imported takes milliseconds, which would be measured as the endpoint's
    threading.Thread(target=_end_with_parent, daemon=True).start()
    uvloop.run(_run(plan))


async def _run(plan: LoadPlan) -> None:
    tls = ssl.create_default_context(cafile=plan.tls.ca_file) if plan.tls else None
    dialer = Dialer(plan.host, plan.port, plan.timeout_s, tls, plan.host)
    generator = Generator(plan, dialer, on_progress=lambda progress: _tell("progress", progress.to_json()))
    async with aclosing(generator.stages()) as stages:
        async for stage in stages:
            _tell("stage", replace(stage, generator_cores=plan.cores).to_json())


def _tell(event: str, document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({event: document}, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def _read_line() -> bytes | None:
    """The first line of stdin, None when it ends before. Unbuffered, for the thread below goes on reading."""
    pieces: list[bytes] = []
    while piece := os.read(_STDIN, _CHUNK_BYTES):
        pieces.append(piece)
        if piece.endswith(b"\n"):  # the parent writes one line and nothing after it
            return b"".join(pieces)
    return None


def _end_with_parent() -> None:
    while os.read(_STDIN, _CHUNK_BYTES):
        pass
    os._exit(0)  # at once, from whatever the event loop is doing: nobody is left to read a result


if __name__ == "__main__":
    main()

"""The parent's side of the load generator: start it, read its stages, and never leave it running."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from pathlib import Path

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.load.plan import LoadPlan
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.stage import StageResult

_PROJECT_DIR = Path(__file__).resolve().parents[3]

# A stage's histograms are some ten thousand buckets at the very most, each about 15 characters.
_LONGEST_LINE_BYTES = 16 * 1024 * 1024

_LOG_LINES = 3


async def drive(
    plan: LoadPlan, on_progress: Callable[[Progress], None] | None = None
) -> AsyncGenerator[StageResult, None]:
    """Run `plan` in a process of its own and yield its stages as they end.

    `on_progress` is told about once a second what the last second was like, while the next stage is waited for.
    The load ends with the generator: at its end, when the task is cancelled, or with `aclose()` (use
    `contextlib.aclosing`). Raises HostError when the process ends before its time.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "include.sagemaker_local.load.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE_BYTES,
        cwd=_PROJECT_DIR,
        start_new_session=True,  # Ctrl-C at a terminal is for the server, which then ends the load itself
    )
    assert process.stdin and process.stdout and process.stderr  # noqa: S101 - asked for above; for the type checker
    errors = asyncio.create_task(process.stderr.read())
    try:
        await _send(process.stdin, plan)
        while line := await process.stdout.readline():
            event = json.loads(line)
            if "stage" in event:
                yield StageResult.from_json(event["stage"])
            elif on_progress is not None:
                on_progress(Progress.from_json(event["progress"]))
        status = await process.wait()
        if status != 0:
            raise HostError(f"the load generator ended with status {status}: {_last_lines(await errors)}")
    finally:
        errors.cancel()
        if process.returncode is None:
            with suppress(ProcessLookupError):  # it may end at this very moment
                process.kill()
            await process.wait()


async def _send(stdin: asyncio.StreamWriter, plan: LoadPlan) -> None:
    """Write the plan. Stdin stays open: the worker ends when it closes."""
    stdin.write(json.dumps(plan.to_json()).encode("ascii") + b"\n")
    try:
        await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        return  # it died while reading; its status and last words say more than this error


def _last_lines(log: bytes) -> str:
    return " | ".join(log.decode("utf-8", "replace").splitlines()[-_LOG_LINES:]) or "it said nothing"

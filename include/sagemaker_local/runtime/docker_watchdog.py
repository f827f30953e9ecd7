"""Removes a server's containers when the server is gone, however it went: `kill -9` included.

The engine, not the server, is the parent of a container, so nothing of the kernel's ties the two. This is a process of
its own that waits for the other end of a pipe to close, which the kernel sees to, and then removes what carries the
label of that run of the server. It knows nothing else, so a new server on the same directory is safe from it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.runtime.docker_engine import DockerEngine
from include.sagemaker_local.runtime.docker_leftovers import remove_labelled
from include.sagemaker_local.runtime.docker_requests import RUN_LABEL

_MODULE = "include.sagemaker_local.runtime.docker_watchdog"
_PROJECT_ROOT = Path(__file__).resolve().parents[3]
_GOODBYE = b"."
_CLOSE_S = 10.0
# A container that was just being made when the server died is there a moment later.
_LOOK_AGAIN_S = 1.0
# An engine that was restarted at the same time; what is left after that is removed at the server's next start.
_ATTEMPTS = 30


class Watchdog:
    """The server's end of it."""

    def __init__(self, process: asyncio.subprocess.Process, lifeline: int) -> None:
        self._process = process
        self._lifeline = lifeline

    @classmethod
    async def start(cls, socket: Path, run: str) -> Watchdog:
        """Raises HostError when no process can be started."""
        theirs, ours = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", _MODULE, str(socket), run, str(theirs)),
                cwd=_PROJECT_ROOT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,  # whoever reads the server's must not wait for this one
                pass_fds=(theirs,),
                start_new_session=True,  # Ctrl-C is not for it
            )
        except OSError as error:
            os.close(ours)
            raise HostError(f"cannot start the process that looks after containers: {error}") from error
        finally:
            os.close(theirs)
        return cls(process, ours)

    async def close(self) -> None:
        """Let it remove what is left, if anything is, and end. One that waits for its engine does so on its own."""
        os.write(self._lifeline, _GOODBYE)
        os.close(self._lifeline)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _CLOSE_S)


def main(arguments: Sequence[str] | None = None) -> int:
    """Waits for the server's end, then removes what it left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("socket", type=Path)
    parser.add_argument("run")
    parser.add_argument("lifeline", type=int)
    options = parser.parse_args(arguments)
    orderly = os.read(options.lifeline, 1) == _GOODBYE  # nothing is read when the server's end closes with a crash
    asyncio.run(_clean(DockerEngine(options.socket), options.run, looks=1 if orderly else 2))
    return 0


async def _clean(engine: DockerEngine, run: str, *, looks: int) -> None:
    """Removes until so many looks in a row have found nothing."""
    clean = 0
    for _ in range(_ATTEMPTS):
        try:
            clean = 0 if await remove_labelled(engine, RUN_LABEL, run) else clean + 1
        except HostError:
            clean = 0  # it is away or busy
        if clean == looks:
            return
        await asyncio.sleep(_LOOK_AGAIN_S)


if __name__ == "__main__":
    sys.exit(main())

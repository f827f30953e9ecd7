"""A program with every process that it starts, and that these start: their session, see setsid(2).

Nothing else tells of all of them: a parent may have died, Airflow's titles overwrite the environment that /proc shows,
and its tasks have process groups of their own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.chaos.processes import all_pids, session

STOP_BOUND_S = 20.0


class Session:
    """Started by being made. Its id is its first process's, which the kernel gives to no other before `end` waits."""

    def __init__(self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: Path) -> None:
        """What it says is appended to `log`."""
        with log.open("ab") as output:
            self._first = subprocess.Popen(
                command, cwd=cwd, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def id(self) -> int:
        """As os.getsid has it of every process in it."""
        return self._first.pid

    def members(self) -> list[int]:
        """The processes in it that are alive, the youngest first."""
        return [pid for pid in all_pids() if session(pid) == self.id]

    def kill_first(self) -> None:
        """SIGKILL to the program alone, which is dead afterwards; what it had started goes on."""
        os.kill(self.id, signal.SIGKILL)
        os.waitid(os.P_PID, self.id, os.WEXITED | os.WNOWAIT)

    def kill(self) -> None:
        """SIGKILL to all of it; nobody is alive afterwards."""
        deadline_s = time.monotonic() + STOP_BOUND_S
        while left := self.members():
            assert time.monotonic() < deadline_s, f"{left} are alive {STOP_BOUND_S:g} s after SIGKILL"
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def end(self) -> None:
        """As `kill`; the session is over, and can be asked nothing more."""
        self.kill()
        self._first.wait(STOP_BOUND_S)

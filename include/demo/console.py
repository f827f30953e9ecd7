"""Progress for a person at a terminal: one line a step, with its time, rewritten in place where that is possible."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO, TypeAlias

BEAT_S = 1.0
DONE, FAILED, NOT_NEEDED = "✓", "✗", "–"
QUIET_BEAT_S = 10.0  # in a file or a CI log, a line every second would be a wall


Doing: TypeAlias = Callable[[], str]


def nothing_to_add() -> str:
    """For steps that say all in their title."""
    return ""


@dataclass(slots=True)
class Step:
    """A step under way; change `mark` when it ends otherwise than well and without an exception."""

    mark: str = DONE


class Console:
    """Writes lines, and steps with what they are doing at the moment."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._rewrites = out.isatty()

    def say(self, text: str = "") -> None:
        """One plain line, or several."""
        print(text, file=self._out, flush=True)

    @contextmanager
    def step(self, title: str, doing: Doing = nothing_to_add) -> Iterator[Step]:
        """Shows that `title` is under way until the block ends, then how long it took and whether it failed.

        `doing` is asked now and then what the step is at; an empty text adds nothing.
        """
        started = time.monotonic()
        ended = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(title, doing, started, ended), daemon=True)
        ticker.start()
        step = Step()
        try:
            yield step
        except BaseException:
            step.mark = FAILED
            raise
        finally:
            ended.set()
            ticker.join()
            self._line(f"  {step.mark} {title:<58} {time.monotonic() - started:6.1f} s", final=True)

    def _tick(self, title: str, doing: Doing, started: float, ended: threading.Event) -> None:
        beat_s = BEAT_S if self._rewrites else QUIET_BEAT_S
        if self._rewrites:
            self._line(f"  … {title}", final=False)
        while not ended.wait(beat_s):
            shown = ": ".join(filter(None, (title, doing())))
            self._line(f"  … {shown:<58} {time.monotonic() - started:6.1f} s", final=not self._rewrites)

    def _line(self, text: str, *, final: bool) -> None:
        start, end = ("\r\x1b[2K", "\n" if final else "") if self._rewrites else ("", "\n")
        print(start + text, end=end, file=self._out, flush=True)

"""A wait, step by step: when to look next, and what a look comes to. Calls and sleeps are somebody else's."""

from __future__ import annotations

from typing import TypedDict

from sluice.waiting.remote_work import Wait, WorkState


class End(TypedDict):
    """How the wait for `name` ended; what a trigger tells its task, so plain JSON.

    `how` is `ended` (the work is over, or there is no such thing any more), `out of time`, or `refused` (`message` says
    why, and looking again would not help). `looks` is how many times it was looked at.
    """

    name: str
    how: str
    looks: int
    message: str


ENDED, OUT_OF_TIME, REFUSED = "ended", "out of time", "refused"


class Watch:
    """The state of one wait. Ask `until_next_look_s`, sleep, look, and tell `saw` or `failed`; both may end it."""

    def __init__(self, wait: Wait) -> None:
        self.wait = wait
        self.looks = 0
        self._failed_in_a_row = 0

    def until_next_look_s(self, now: float) -> float | None:
        """Seconds to sleep before the next look; None when the time is up. `now` is in seconds since the epoch."""
        pace = self.wait.pace
        step = pace.until_next_look_s(now - self.wait.since)
        if step is None or not self._failed_in_a_row:
            return step
        # A look that failed saw nothing: the next one comes sooner than after a look that did, but backs off.
        return float(min(step, pace.least_s * 2 ** (self._failed_in_a_row - 1)))

    def out_of_time(self) -> End:
        """The end when the time is up."""
        pace = self.wait.pace
        return self._end(OUT_OF_TIME, f"{self.wait} was not over after {pace.timeout_s:g} s")

    def saw(self, state: WorkState | None) -> End | None:
        """A look that succeeded; None as state for what is not there (any more). The end, or None to go on."""
        self.looks += 1
        self._failed_in_a_row = 0
        if state is not None and not state.ended:
            return None
        return self._end(ENDED, f"{self.wait} is {state.status if state else 'not there any more'}")

    def failed(self, error: Exception, *, passes: bool) -> End | None:
        """A look that failed. With `passes` it goes on, for the work does too; else this is the end."""
        self.looks += 1
        self._failed_in_a_row += 1
        return None if passes else self._end(REFUSED, str(error))

    def _end(self, how: str, message: str) -> End:
        return End(name=self.wait.name, how=how, looks=self.looks, message=message)

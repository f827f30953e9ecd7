"""A timer that rings within some 50 us of its time.

libuv, and so uvloop, counts timers in whole milliseconds: at a thousand requests a second every one would leave up to a
whole interval late. The kernel's own timers (timerfd, Linux) are exact and wake the event loop like a socket does.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable

# <time.h>, <sys/timerfd.h>: the same on every architecture that Linux runs on here. Its clock is that of
# time.perf_counter_ns, CLOCK_MONOTONIC.
_CLOCK_MONOTONIC = 1
_TFD_NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC
_TFD_TIMER_ABSTIME = 1
_NS_PER_S = 1_000_000_000


class _Setting(ctypes.Structure):
    """`struct itimerspec`."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("at_s", ctypes.c_long),
        ("at_ns", ctypes.c_long),
    )


class PreciseTimer:
    """Calls `rang` once each time it was set. Belongs to one event loop; times are those of time.perf_counter_ns."""

    def __init__(self, loop: asyncio.AbstractEventLoop, rang: Callable[[], None]) -> None:
        self._loop = loop
        self._rang = rang
        self._handle: asyncio.TimerHandle | None = None
        self._fd = -1
        if sys.platform == "linux":
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._fd = self._libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_NONBLOCK_CLOEXEC)
            if self._fd < 0:
                raise OSError(ctypes.get_errno(), "timerfd_create failed")
            self._setting = _Setting()
            loop.add_reader(self._fd, self._expired)

    def set(self, at_ns: int) -> None:
        """Ring at `at_ns`, or at once when that is past; an earlier setting is forgotten."""
        if self._fd >= 0:
            self._setting.at_s, self._setting.at_ns = divmod(max(at_ns, 1), _NS_PER_S)  # 0 would switch it off
            self._libc.timerfd_settime(self._fd, _TFD_TIMER_ABSTIME, ctypes.byref(self._setting), None)
            return
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._loop.call_later(max(0, at_ns - time.perf_counter_ns()) / _NS_PER_S, self._rang)

    def close(self) -> None:
        """Never ring again."""
        if self._handle is not None:
            self._handle.cancel()
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _expired(self) -> None:
        try:
            os.read(self._fd, 8)  # how often it expired; reading makes it silent again
        except BlockingIOError:
            return  # it was set anew since the event loop woke
        self._rang()

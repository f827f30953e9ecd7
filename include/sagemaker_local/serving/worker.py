"""A worker: a forked process that loads the model once and then answers one request after the other."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from include.sagemaker_local.http1.messages import Response
from include.sagemaker_local.serving import frames
from include.sagemaker_local.serving.confinement import die_with_parent
from include.sagemaker_local.serving.contract import Contract

READY = 0
_FIRST_FREE_FD = 3  # after stdin, stdout, stderr


@dataclass(frozen=True, slots=True)
class ForkedWorker:
    """The front's hold on a worker: its process id and the front's end of the socket pair."""

    pid: int
    sock: socket.socket


def fork_worker(load: Callable[[], Contract]) -> ForkedWorker:
    """Fork a worker that calls `load` and serves what it returns.

    The front has imported the libraries before and has one thread, so a fork costs neither time nor memory for them.
    """
    front, mine = socket.socketpair()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _be_worker(mine, parent, load)
    mine.close()
    return ForkedWorker(pid, front)


def _be_worker(sock: socket.socket, parent: int, load: Callable[[], Contract]) -> NoReturn:
    status = 1
    try:
        _leave_front_behind(sock.fileno())
        die_with_parent(parent, signal.SIGKILL)
        contract = load()
        sock.sendall(frames.encode(READY, [], b""))
        _answer_requests(sock, contract)
        status = 0
    except BaseException:  # including SystemExit of user code: whatever it is, the log has to show it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)  # the front's frames are below this one on the stack and must not be unwound here


def _leave_front_behind(own_fd: int) -> None:
    """Let go of the front's loop, signals and descriptors, of which the other workers' sockets matter most: a worker
    sees the end of the front only when nobody else holds a copy of the front's end.
    """
    asyncio._set_running_loop(None)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()  # the front's sockets are never collected here: their descriptor numbers soon belong to others
    for fd in [int(path.name) for path in Path("/dev/fd").iterdir()]:
        if fd >= _FIRST_FREE_FD and fd != own_fd:
            with contextlib.suppress(OSError):  # the one that read the directory is closed already
                os.close(fd)


def _answer_requests(sock: socket.socket, contract: Contract) -> None:
    while (request := frames.receive(sock)) is not None:
        response = contract.invoke(request.headers, request.body)
        sock.sendall(_encoded(response))


def _encoded(response: Response) -> bytes:
    return frames.encode(response.status, response.headers, response.body)

"""A worker: a forked process that loads the model once and then answers one request after the other."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
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
from include.sagemaker_local.serving.contract import Contract, SpokenResponse, text_response

READY = 0
_GOOD, _FAILED = 200, 500
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
    reader = frames.FrameReader()
    while (request := frames.receive(sock, reader)) is not None:
        response = contract.invoke(request.headers, request.body)
        if isinstance(response, SpokenResponse):
            _speak(sock, response)
        else:
            sock.sendall(_encoded(response))


def _speak(sock: socket.socket, spoken: SpokenResponse) -> None:
    """Send an answer as user code makes it. Whoever reads slower than that makes it wait."""
    pieces = map(_bytes, spoken.pieces)
    try:
        first = next(pieces, b"")
    except Exception:  # whatever user code raises: nothing was sent, so it can be an answer like any other
        traceback.print_exc()
        sock.sendall(_encoded(text_response(_FAILED, traceback.format_exc())))
        return
    sock.sendall(frames.encode(_GOOD | frames.MORE, spoken.headers, b""))
    ending = _GOOD
    try:
        for piece in itertools.chain([first], pieces):
            sock.sendall(frames.encode(frames.MORE, [], piece))
    except OSError:
        raise  # the front is gone
    except Exception:
        traceback.print_exc()
        ending = _FAILED
    sock.sendall(frames.encode(ending, [], b""))


def _bytes(piece: object) -> bytes:
    if isinstance(piece, str):
        return piece.encode()
    if isinstance(piece, bytes | bytearray):
        return bytes(piece)
    raise TypeError(f"an answer in pieces has to be made of bytes or str, not {type(piece).__name__}")


def _encoded(response: Response) -> bytes:
    return frames.encode(response.status, response.headers, response.body)

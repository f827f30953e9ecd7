"""That nothing of a session is left, whatever has become of parents, titles and process groups."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.processes import PROC, parent
from tests.chaos.session import Session

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")

BOUND_S = 20.0
HOME = "AIRFLOW_HOME=/nowhere"
# A scheduler, its worker, and the worker's task, as Airflow has them. All hold the road open for as long as they live.
PROGRAM = """
import os, signal, sys
from setproctitle import setproctitle
road = open(sys.argv[1], "w")
for title in ("worker", "task"):
    if os.fork():
        break
    os.setpgid(0, 0)
    setproctitle(f"airflow {title} -- {'and more, up to where the environment was ' * 9}")
print(os.getpid(), file=road, flush=True)
signal.pause()
"""


class Road:
    """The end of it at which the pids arrive, and the end of file when nobody is left."""

    def __init__(self, fifo: Path) -> None:
        os.mkfifo(fifo)
        self.fifo = fifo
        self._opened = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)

    def read(self) -> bytes:
        """What is next, within the bound."""
        assert select.select([self._opened], [], [], BOUND_S)[0], "nobody says anything, and somebody is there"
        return os.read(self._opened, 4096)

    def close(self) -> None:
        """Nobody reads any more."""
        os.close(self._opened)


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    made = Road(tmp_path / "road")
    yield made
    made.close()


@pytest.fixture
def session(tmp_path: Path, road: Road) -> Iterator[Session]:
    name, _, value = HOME.partition("=")
    command = [sys.executable, "-c", PROGRAM, str(road.fifo)]
    made = Session(command, cwd=tmp_path, environment={name: value}, log=tmp_path / "log")
    yield made
    made.end()


@pytest.fixture
def pids(road: Road, session: Session) -> list[int]:
    """Of all three, as they said themselves."""
    said = b""
    while said.count(b"\n") < 3:
        more = road.read()
        assert more, "they ended before they had said who they are"
        said += more
    return sorted(map(int, said.split()))


def test_orphans_that_hide_behind_a_title_are_in_it(session: Session, pids: list[int]) -> None:
    session.kill_first()
    orphans = sorted(session.members())
    assert orphans == [pid for pid in pids if pid != session.id]
    assert session.id not in map(parent, orphans)
    assert not any(HOME.encode() in (PROC / str(pid) / "environ").read_bytes() for pid in orphans)


@pytest.mark.usefixtures("pids")
def test_nobody_is_left_of_what_was_killed_with_its_children(session: Session, road: Road) -> None:
    session.kill()
    assert road.read() == b"" and session.members() == []


@pytest.mark.usefixtures("pids")
def test_nobody_is_left_of_what_was_killed_alone_before(session: Session, road: Road) -> None:
    session.kill_first()
    session.end()
    assert road.read() == b""


def test_its_number_is_nobody_elses_until_it_has_ended(session: Session, pids: list[int]) -> None:
    session.kill()
    assert session.id in pids and (PROC / str(session.id)).exists()
    session.end()
    assert not (PROC / str(session.id)).exists()

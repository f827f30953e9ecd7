"""The rig, once for all seeds, and the table of what it did."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.chaos import pipelines
from tests.chaos.plan import SEEDS, Course, course
from tests.chaos.remains import Remains, remains
from tests.chaos.rig import Rig, Run

TAIL_LINES = 25


def chosen_seeds() -> tuple[int, ...]:
    """Those of `SEEDS=7,123`, or the suite's."""
    return tuple(int(each) for each in os.environ.get("SLUICE_CHAOS_SEEDS", "").split(",") if each) or SEEDS


@dataclass
class Chaos:
    """The runs that there have been, turn by turn."""

    rig: Rig
    courses: tuple[Course, ...]
    turns: set[int] = field(default_factory=set)
    ended: dict[int, tuple[Run, Remains]] = field(default_factory=dict)

    def of(self, seed: int) -> tuple[Run, Remains]:
        """How the run of that seed ended, and what it left; carried out with all others of its turn at first."""
        turn = course(seed).turn
        if turn not in self.turns:
            self.turns.add(turn)
            together = [each for each in self.courses if each.turn == turn]
            for run in self.rig.carry_out(together):
                self.ended[run.course.seed] = run, remains(self.rig.server.url, run.course)
            self.rig.clear_away(together)
        assert seed in self.ended, f"turn {turn} was broken off; the first of its tests says why"
        return self.ended[seed]


@pytest.fixture(scope="session")
def chaos(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Chaos]:
    """Airflow and the local SageMaker, up and ready for every chosen seed."""
    place = tmp_path_factory.mktemp("chaos")
    courses = tuple(map(course, chosen_seeds()))
    specs = place / "specs"
    specs.mkdir()
    for each in courses:
        pipelines.write_spec(specs, each)
    pipelines.write_images(place / "sagemaker")
    with Rig(place / "sagemaker").running(place / "airflow", specs) as rig:
        rig.know({f"promote__{each.pipeline.replace('-', '_')}" for each in courses})
        made = request.config.stash[CHAOS] = Chaos(rig, courses)
        yield made


CHAOS = pytest.StashKey[Chaos]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What struck whom, and how long it took."""
    chaos = config.stash.get(CHAOS, None)
    if chaos is None:
        return
    terminalreporter.section("chaos")
    for seed, (run, found) in sorted(chaos.ended.items()):
        struck = "; ".join(map(str, run.struck)) or "nobody"
        throttled = f", {run.throttle}" if run.throttle else ""
        told = f"seed {seed:3}  {run.state:8} {found.approval:9} {run.took_s:5.0f} s  {run.retries} retries  "
        terminalreporter.write_line(f"{told}{struck}{throttled}")
        if run.state != ("success" if run.course.survives else "failed"):
            for line in _tail(chaos.rig.site.home / "logs" / f"dag_id={run.dag_id}"):
                terminalreporter.write_line(f"    {line}")


def _tail(folder: Path) -> list[str]:
    """The last lines of each attempt's log."""
    found = []
    for log in sorted(folder.rglob("*.log")):
        found += [str(log), *(f"  {line[:300]}" for line in log.read_text(errors="replace").splitlines()[-TAIL_LINES:])]
    return found

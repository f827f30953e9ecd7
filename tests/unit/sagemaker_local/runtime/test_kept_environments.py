"""Environments on disk: what is told of them, and which may be taken away."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

import pytest

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.runtime.environments import RECORD, Environments, lock_of
from include.sagemaker_local.runtime.kept_environments import (
    environments_in_use,
    kept_environments,
    prune_environments,
)
from tests.fakes.wheels import only_wheels_of, wheel

LONG_AGO_S = 1_600_000_000.0


def environment(directory: Path, name: str, last_used_s: float | None) -> Path:
    place = directory / name
    place.mkdir(parents=True)
    (place / "library.py").write_bytes(b"x" * 1000)
    if last_used_s is not None:
        (place / RECORD).write_text("{}")
        os.utime(place / RECORD, (last_used_s, last_used_s))
    return place


def names(directory: Path) -> list[str]:
    return [one.directory.name for one in kept_environments(directory)]


def test_what_is_there_is_told_with_its_size_and_last_use(tmp_path: Path) -> None:
    assert kept_environments(tmp_path / "none") == []
    environment(tmp_path, "a", LONG_AGO_S)
    environment(tmp_path, "half", None)
    (tmp_path / "linked").symlink_to(tmp_path / "a")
    assert [(one.directory.name, one.size_bytes, one.last_used_s) for one in kept_environments(tmp_path)] == [
        ("a", 1002, LONG_AGO_S),
        ("half", 1000, None),
    ]


def test_old_and_half_made_ones_are_taken_away_and_one_that_is_being_made_is_not(tmp_path: Path) -> None:
    environment(tmp_path, "old", LONG_AGO_S - 1)
    environment(tmp_path, "half", None)
    environment(tmp_path, "new", LONG_AGO_S)
    with lock_of(environment(tmp_path, "making", None)).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        gone = prune_environments(tmp_path, unused_since_s=LONG_AGO_S)
    assert [one.directory.name for one in gone] == ["half", "old"]
    assert names(tmp_path) == ["making", "new"]


def test_nothing_is_taken_away_from_a_server_that_runs(tmp_path: Path) -> None:
    environment(tmp_path, "old", LONG_AGO_S)
    with environments_in_use(tmp_path), environments_in_use(tmp_path):
        with pytest.raises(HostError, match="stop it first"):
            prune_environments(tmp_path, unused_since_s=LONG_AGO_S + 1)
        assert names(tmp_path) == ["old"]
    assert prune_environments(tmp_path, unused_since_s=LONG_AGO_S + 1) != []


def test_being_asked_for_counts_as_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel(tmp_path / "wheels", "framework", "1.0")
    only_wheels_of(tmp_path / "wheels", monkeypatch)
    environments = Environments(tmp_path / "environments")
    assert environments.find("fw", ["framework==1.0"]) is None
    made = asyncio.run(environments.provide("fw", ["framework==1.0"], print))
    assert environments.find("fw", ["framework==1.0"]) == made
    os.utime(made.directory / RECORD, (LONG_AGO_S, LONG_AGO_S))
    asyncio.run(environments.provide("fw", ["framework==1.0"], print))
    (kept,) = kept_environments(tmp_path / "environments")
    assert kept.last_used_s is not None
    assert kept.last_used_s > LONG_AGO_S

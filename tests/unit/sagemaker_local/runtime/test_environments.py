"""Environments are made once, by one maker at a time, from wheels only, and a half-made one is never used."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.runtime.environments import Environment, Environments, PipFailed
from tests.fakes.wheels import only_wheels_of, wheel


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "wheels"
    for version in ("1.1.0", "1.2.0", "1.3.0rc1", "1.3.0"):
        wheel(directory, "framework", version)
    wheel(directory, "companion", "2.0")
    only_wheels_of(directory, monkeypatch)
    return directory


def provide(directory: Path, *requirements: str, said: list[str] | None = None) -> Environment:
    say = (said if said is not None else []).append
    return asyncio.run(Environments(directory / "environments").provide("fw-1", requirements, say))


def version_in(environment: Environment, module: str) -> str:
    command = [str(environment.python), "-c", f"import {module}; print({module}.__version__)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_it_is_made_once_and_holds_what_was_asked_for(tmp_path: Path, wheels: Path) -> None:
    said: list[str] = []
    made = provide(tmp_path, "framework==1.2.0", said=said)
    assert version_in(made, "framework") == "1.2.0"
    assert made.notes == ()
    assert [line.startswith("installing framework==1.2.0 into") for line in said] == [True]
    shutil.rmtree(wheels)  # nothing is left to install from
    again: list[str] = []
    assert provide(tmp_path, "framework==1.2.0", said=again) == made
    assert again == []


def test_other_requirements_get_another_one(tmp_path: Path, wheels: Path) -> None:
    first, second = provide(tmp_path, "framework==1.1.0"), provide(tmp_path, "framework==1.3.0")
    assert (version_in(first, "framework"), version_in(second, "framework")) == ("1.1.0", "1.3.0")


def test_the_nearest_wheel_serves_with_a_note(tmp_path: Path, wheels: Path) -> None:
    made = provide(tmp_path, "framework==1.0.2", "companion==2.0")
    assert version_in(made, "framework") == "1.1.0"
    assert len(made.notes) == 1
    assert "framework 1.1.0 in place of 1.0.2" in made.notes[0]
    assert provide(tmp_path, "framework==1.0.2", "companion==2.0").notes == made.notes


def test_companions_give_way_when_they_exclude_each_other(tmp_path: Path, wheels: Path) -> None:
    wheel(wheels, "picky", "1.0", requires="companion>=3")
    wheel(wheels, "companion", "3.1")
    made = provide(tmp_path, "picky==1.0", "companion==2.0")
    assert version_in(made, "companion") == "3.1"
    assert "picky==1.0" in made.notes[0]


def test_a_package_that_nobody_has_is_a_failure_with_pips_words(tmp_path: Path, wheels: Path) -> None:
    with pytest.raises(PipFailed) as failed:
        provide(tmp_path, "nobody-has-this==1.0")
    assert "could not install nobody-has-this==1.0" in str(failed.value)
    assert any("No matching distribution found" in line for line in failed.value.tail)


def test_without_an_index_the_message_says_so_and_no_other_version_is_taken(
    tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # the discard port: nobody listens
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(PipFailed, match="cannot reach its package index"):
        provide(tmp_path, "framework==1.0.2")


def test_a_half_made_one_is_made_anew(tmp_path: Path, wheels: Path) -> None:
    made = provide(tmp_path, "framework==1.2.0")
    record = made.directory / "sluice-environment.json"
    record.unlink()
    leftover = made.directory / "half"
    leftover.touch()
    assert version_in(provide(tmp_path, "framework==1.2.0"), "framework") == "1.2.0"
    assert not leftover.exists()
    assert record.exists()


def test_one_whose_interpreter_is_gone_is_made_anew(tmp_path: Path, wheels: Path) -> None:
    made = provide(tmp_path, "framework==1.2.0")
    made.python.unlink()
    assert version_in(provide(tmp_path, "framework==1.2.0"), "framework") == "1.2.0"


def test_of_two_makers_one_waits(tmp_path: Path, wheels: Path) -> None:
    async def both() -> tuple[list[str], list[str]]:
        first: list[str] = []
        second: list[str] = []
        await asyncio.gather(
            *(
                Environments(tmp_path / "environments").provide("fw", ["framework==1.2.0"], said.append)
                for said in (first, second)
            )
        )
        return first, second

    words = sorted(line.split()[0] for said in asyncio.run(both()) for line in said)
    assert words == ["installing", "waiting"]


def test_a_cancelled_one_leaves_neither_a_process_nor_a_lock(tmp_path: Path, wheels: Path) -> None:
    async def cancelled() -> None:
        begun = asyncio.Event()
        environments = Environments(tmp_path / "environments")
        making = asyncio.create_task(environments.provide("fw", ["framework==1.2.0"], lambda _: begun.set()))
        await asyncio.wait_for(begun.wait(), 30)
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making
        said: list[str] = []
        await environments.provide("fw", ["framework==1.2.0"], said.append)
        assert [line.split()[0] for line in said] == ["installing"]  # nobody to wait for

    asyncio.run(cancelled())


def test_code_requirements_lie_on_top_and_change_nothing_below(tmp_path: Path, wheels: Path) -> None:
    base = provide(tmp_path, "framework==1.1.0", "companion==2.0")
    code = tmp_path / "code"
    code.mkdir()
    (code / "requirements.txt").write_text("framework>=1.2,<1.3\n")
    environments = Environments(tmp_path / "environments")
    said: list[str] = []
    layered = asyncio.run(environments.layer(base, code, said.append))
    assert (version_in(layered, "framework"), version_in(layered, "companion")) == ("1.2.0", "2.0")
    assert version_in(base, "framework") == "1.1.0"
    assert len(said) == 1
    assert asyncio.run(environments.layer(base, code, said.append)) == layered
    assert len(said) == 1


def test_code_requirements_that_cannot_be_had_are_a_failure_of_their_own(tmp_path: Path, wheels: Path) -> None:
    base = provide(tmp_path, "framework==1.1.0")
    (tmp_path / "requirements.txt").write_text("nobody-has-this\n")
    with pytest.raises(PipFailed, match=r"could not install code/requirements\.txt"):
        asyncio.run(Environments(tmp_path / "environments").layer(base, tmp_path, print))


def test_a_directory_that_cannot_be_written_names_the_flag(tmp_path: Path, wheels: Path) -> None:
    (tmp_path / "environments").write_text("a file")
    with pytest.raises(HostError, match="--environments-dir"):
        provide(tmp_path, "framework==1.2.0")


def test_the_record_is_what_makes_it_complete(tmp_path: Path, wheels: Path) -> None:
    made = provide(tmp_path, "framework==1.2.0")
    assert json.loads((made.directory / "sluice-environment.json").read_text()) == {"notes": []}

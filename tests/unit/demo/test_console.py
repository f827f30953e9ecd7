from __future__ import annotations

import io
import threading

import pytest

from include.demo import console as module
from include.demo.console import NOT_NEEDED, Console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_step_ends_as_one_line_with_its_mark() -> None:
    out = io.StringIO()
    console = Console(out)
    with console.step("train"):
        pass
    with console.step("reject") as step:
        step.mark = NOT_NEEDED
    lines = out.getvalue().splitlines()
    assert [line.split()[:2] for line in lines] == [["✓", "train"], ["–", "reject"]]
    assert all(line.endswith(" s") for line in lines)


def test_a_step_that_raises_is_marked_as_failed_and_the_error_passes_through() -> None:
    out = io.StringIO()
    with pytest.raises(ValueError, match="no"), Console(out).step("upload"):
        raise ValueError("no")
    assert out.getvalue().startswith("  ✗ upload")


def test_a_long_step_says_what_it_is_doing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUIET_BEAT_S", 0.001)
    asked = threading.Event()

    def doing() -> str:
        asked.set()
        return "load on staging"

    out = io.StringIO()
    with Console(out).step("recommend", doing):
        assert asked.wait(10)
    assert "… recommend: load on staging" in out.getvalue()


def test_on_a_terminal_the_line_is_rewritten_in_place() -> None:
    out = Terminal()
    with Console(out).step("train"):
        pass
    assert out.getvalue().count("\n") == 1
    assert "\r\x1b[2K  ✓ train" in out.getvalue()

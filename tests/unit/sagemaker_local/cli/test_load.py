"""`load`'s arguments: what they mean, and what is refused before anything is sent."""

from __future__ import annotations

import argparse
import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from include.sagemaker_local.cli.command_line import main
from include.sagemaker_local.cli.load_arguments import add_arguments, course_of, headers_of, method_of, payloads_of
from include.sagemaker_local.cli.load_display import Display
from include.sagemaker_local.load.course import ConstantRate, ConstantUsers, Course, Phase, Phases, Ramp, Stairs
from include.sagemaker_local.load.document import to_bytes
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.report.page import page
from include.sagemaker_local.load.report.table import table
from tests.fakes.archives import tar_gz
from tests.fakes.clock import ManualClock
from tests.fakes.load_tests import ramp

URL = "http://127.0.0.1:1/"


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args([URL, *arguments])


@pytest.mark.parametrize(
    ("arguments", "course"),
    [
        ("", ConstantUsers(10, 10.0, 1.0)),
        ("-c 3 -d 2m --warm-up 0", ConstantUsers(3, 120.0, 0.0)),
        ("-r 30000/m -d 30s", ConstantRate(500.0, 30.0, 256, 1.0)),
        ("--rate 5 --users 2 --warm-up 2s", ConstantRate(5.0, 10.0, 2, 2.0)),
        ("--ramp", Ramp(3.0)),
        ("--ramp --stage 500ms", Ramp(0.5)),
        ("--phases 2m:1+2/m", Phases((Phase(1, 2.0, 120.0),))),
        ("--stairs 10m:5x2", Stairs(600.0, 5, 2)),
    ],
)
def test_courses(arguments: str, course: Course) -> None:
    assert course_of(parsed(*arguments.split())) == course


def test_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "body").write_bytes(b"\x00\xff")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"piped")))
    options = parsed(
        "-b", "a", "--data", f"@{tmp_path / 'body'}", "--body", "@-", "-H", "X-A:  1 ", "--accept", "text/csv"
    )

    assert payloads_of(options) == (b"a", b"\x00\xff", b"piped")
    assert headers_of(options) == (("x-a", "1"), ("accept", "text/csv"))
    assert (method_of(options), method_of(parsed()), method_of(parsed("-X", "put"))) == ("POST", "GET", "PUT")
    assert payloads_of(parsed()) == (b"",)


def test_an_archive_of_bodies_is_read_as_recommendation_jobs_do(tmp_path: Path) -> None:
    (tmp_path / "payload.tar.gz").write_bytes(tar_gz({"a.csv": b"1", "b.csv": b"2"}))
    assert payloads_of(parsed("--payload", str(tmp_path / "payload.tar.gz"))) == (b"1", b"2")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("", "say what to load"),
        (f"{URL} --endpoint e", "say what to load"),
        ("ftp://127.0.0.1/", "is not a URL such as"),
        (f"{URL} --region us-east-1", "--region has no meaning beside a URL"),
        (f"{URL} --target-variant v", "--target-variant has no meaning"),
        ("--endpoint e --endpoint-url http://127.0.0.1:1 -X PUT", "--method has no meaning beside --endpoint"),
        ("--endpoint e --endpoint-url http://127.0.0.1:1", "an invocation needs a body"),
        (f"{URL} --ramp -c 5", "--users has no meaning beside --ramp"),
        (f"{URL} --stairs 1m:2x2 -d 5s", "--duration has no meaning beside --stairs"),
        (f"{URL} --stage 5s", "--stage has no meaning"),
        (f"{URL} -b @/nowhere", "No such file"),
        (f"{URL} --payload {__file__}", "invalid file type"),
        (f"{URL} --html /nowhere/x.html", "/nowhere/x.html cannot be written"),
        (f"{URL} --json /", "/ cannot be written"),
        ("http://192.0.2.1/", "nothing was sent; say --yes"),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    arguments: str, reason: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert main(["load", *arguments.split()]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("sagemaker-local: ")
    assert reason in said


@pytest.mark.parametrize(
    "arguments",
    [
        "-d 0",
        "-c 0",
        "-r 0",
        "--fail-if p95",
        "-H nothing",
        "--ramp --stairs 1m:2x2",
        "-b a --payload x",
        "--phases 1",
        "-X HEAD",
    ],
)
def test_what_cannot_be_read_is_refused(arguments: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(*arguments.split())
    assert ended.value.code == 2


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_another_machine_is_named_and_asked_about(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert main(["load", "https://192.0.2.1/x", "-c", "5", "-d", "1m"]) == 2
    said = capsys.readouterr().err
    assert "GET https://192.0.2.1/x: 5 users for 60 s, after a warm-up of 1 s\n" in said
    assert "192.0.2.1 is not this machine" in said
    assert said.endswith("sagemaker-local: nothing was sent\n")


def test_a_test_that_was_kept_is_shown_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document, html = tmp_path / "x.json", tmp_path / "x.html"
    document.write_bytes(to_bytes(ramp()))
    assert main(["load-report", str(document), "--html", str(html)]) == 0
    assert capsys.readouterr().out == table(ramp())
    assert html.read_text(encoding="utf-8") == page(ramp())


def test_a_document_of_a_job_comes_in_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    conditions = {"latency_percentile": 95.0, "latency_limit_ms": 200, "max_invocations_per_minute": None}
    of_job = replace(ramp(), course={**ramp().course, "stopping_conditions": conditions})
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(to_bytes(of_job))))
    assert main(["load-report", "-"]) == 0
    assert capsys.readouterr().out == table(ramp())
    assert "stops at latency limit ms</th><td>200<" in page(of_job)


def test_what_is_no_document_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.json").write_text("{}")
    for path, reason in ((tmp_path / "x.json", "its schema is None"), (tmp_path / "none", "No such file")):
        assert main(["load-report", str(path)]) == 2
        assert reason in capsys.readouterr().err


def second() -> Progress:
    return Progress(0.0, 1.0, 1, 5)


def test_a_terminal_has_one_line_that_changes() -> None:
    terminal, clock = Terminal(), ManualClock()
    display = Display(terminal, clock)
    for _ in range(2):
        clock.advance(1.0)
        display.show(second(), 0)
    display.end()
    first, last = terminal.getvalue().removeprefix("\r\x1b[K").split("\r\x1b[K")
    assert first.startswith("    1 s    1 users")
    assert last.startswith("    2 s")
    assert last.endswith("\n")


def test_elsewhere_there_is_a_line_every_few_seconds() -> None:
    log, clock = io.StringIO(), ManualClock()
    display = Display(log, clock)
    for _ in range(11):
        clock.advance(1.0)
        display.show(second(), 0)
    display.end()
    assert [line.split()[0] for line in log.getvalue().splitlines()] == ["5", "10"]

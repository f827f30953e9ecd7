"""The command line as a process: what it says, where, and with which exit status."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from include.sagemaker_local.cli.command_line import main
from include.sagemaker_local.errors import HostError
from include.sagemaker_local.listening import bind
from tests.fakes.aws_server import client
from tests.fakes.server_process import alive, cli, server_process


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text


def test_serve_status_reset_and_both_signals(tmp_path: Path) -> None:
    with server_process(tmp_path / "data") as server:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url)
        client("s3", server.url).create_bucket(Bucket="models")
        status = cli("status", "--url", server.url)
        assert (status.returncode, status.stderr) == (0, "")
        assert f"running at {server.url}\n" in status.stdout
        assert "endpoints: none\n" in status.stdout
        assert cli("reset", "--url", server.url).returncode == 0
        assert client("s3", server.url).list_buckets()["Buckets"] == []
        assert server.end() == 0
    with server_process(tmp_path / "data") as server:
        below = server.descendants()
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(30) == 0
        assert alive(below) == set()


def test_prepare_prints_the_interpreter_of_each_image_and_refuses_others() -> None:
    made = cli("prepare", "any.registry/sagemaker-scikit-learn:1.4-2-cpu-py3")
    assert made.returncode == 0, made.stderr
    (python,) = made.stdout.splitlines()
    versions = "import sys, sklearn, uvloop; print(sys.prefix != sys.base_prefix, sklearn.__version__)"
    answer = subprocess.run([python, "-c", versions], capture_output=True, text=True, check=True)
    assert answer.stdout == "True 1.4.2\n"
    refused = cli("prepare", "nginx:1")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "'nginx:1'" in one_line(refused.stderr)


def test_a_port_in_use_a_directory_in_use_and_one_that_cannot_be(tmp_path: Path) -> None:
    with server_process(tmp_path / "data") as server:
        port = server.url.rpartition(":")[2]
        taken = cli("serve", "--port", port, "--data-dir", str(tmp_path / "other"))
        assert taken.returncode == 2
        assert f"port {port} on 127.0.0.1 is in use" in one_line(taken.stderr)
        assert not (tmp_path / "other").exists()
        shared = cli("serve", "--port", "0", "--data-dir", str(tmp_path / "data"))
        assert shared.returncode == 2
        assert f"is used by another local SageMaker (process {server.process.pid})" in one_line(shared.stderr)
    (tmp_path / "file").write_text("in the way")
    blocked = cli("serve", "--port", "0", "--data-dir", str(tmp_path / "file" / "data"))
    assert blocked.returncode == 2
    assert "cannot be written" in one_line(blocked.stderr)
    assert blocked.stdout == taken.stdout == shared.stdout == ""


def test_a_damaged_store_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "s3").mkdir()
    (tmp_path / "s3" / "s3.sqlite3").write_text("this is not a database" * 100)
    damaged = cli("serve", "--port", "0", "--data-dir", str(tmp_path))
    assert damaged.returncode == 2
    assert f"cannot use {tmp_path / 's3'}" in one_line(damaged.stderr)


def test_docker_without_an_engine_is_one_line(tmp_path: Path) -> None:
    socket_path = str(tmp_path / "none.sock")
    options = ("--port", "0", "--data-dir", str(tmp_path / "data"), "--docker-socket", socket_path)
    refused = cli("serve", "--runtime", "docker", *options)
    assert refused.returncode == 2
    line = one_line(refused.stderr)
    assert f"no Docker engine answers at {socket_path}" in line
    assert "--runtime process" in line


def test_nobody_answers_or_somebody_else_does(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert main(["status", "--url", f"http://127.0.0.1:{port}"]) == 2
    assert "no local SageMaker answers" in one_line(capsys.readouterr().err)
    assert main(["status", "--url", "ftp://x"]) == 2
    assert "is not the URL of a local SageMaker" in one_line(capsys.readouterr().err)


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--port", "70000"],
        ["serve", "--startup-timeout", "0"],
        ["serve", "--stage-seconds", "nan"],
        ["serve", "--time-scale", "0"],
        ["serve", "--runtime", "podman"],
        ["doctor", "--prune-environments", "-1"],
        [],
    ],
)
def test_wrong_arguments_are_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert exit_info.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_the_doctor_says_one_line_for_each_need(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["doctor", "--port", str(port), "--data-dir", str(tmp_path / "d")]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in lines[:7]] == ["ok  "] * 5 + ["FAIL", "ok  "]
    assert main(["doctor", "--port", "0", "--data-dir", str(tmp_path / "d")]) == 0
    assert all(line.startswith("ok") for line in capsys.readouterr().out.splitlines())


def test_the_doctor_knows_the_environments_and_takes_old_ones_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "environments"
    (directory / "sklearn-0-abc").mkdir(parents=True)
    (directory / "sklearn-0-abc" / "half").write_text("made")
    place = ["--port", "0", "--data-dir", str(tmp_path / "d"), "--environments-dir", str(directory)]
    assert main(["doctor", *place]) == 0
    said = capsys.readouterr().out
    assert "environment of linear-learner:1 is made when it is first asked for" in said
    assert "environment sklearn-0-abc: 0 MB, is being made or was never finished" in said
    assert main(["doctor", *place, "--prune-environments", "30"]) == 0
    assert "gone  environment sklearn-0-abc, 0 MB" in capsys.readouterr().out
    assert not (directory / "sklearn-0-abc").exists()


def test_an_address_of_another_machine_is_explained() -> None:
    with pytest.raises(HostError, match=r"192\.0\.2\.1 is not an address of this machine"):
        bind("192.0.2.1", 0)
    with pytest.raises(HostError, match="is not an address of this machine"):
        bind("no-such-host.invalid", 0)

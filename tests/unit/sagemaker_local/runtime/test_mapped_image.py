"""A command that stands in for an image, as docs/local-sagemaker.md shows it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.sagemaker_local.runtime.image_map import ImageMap, MappedImage, read_image_map
from tests.fakes.process_containers import Fleet, alive, fleet, get, post
from tests.fakes.wheels import only_wheels_of, wheel

PROJECT = Path(__file__).resolve().parents[4]
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shout:1"
# Says what it got, and what it started; SIGTERM it does not mind.
STUBBORN = """
import json, os, signal, subprocess, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"])
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        about = {"pids": [os.getppid(), os.getpid(), child.pid], "cpus": sorted(os.sched_getaffinity(0)),
                 "environment": dict(os.environ)}
        self.wfile.write(json.dumps(about).encode())
HTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
"""


def fenced(language: str, holds: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", (PROJECT / "docs/local-sagemaker.md").read_text(), re.S)
    (block,) = [block for block in blocks if holds in block]
    return str(block)


def stubborn(directory: Path, *, requirements: tuple[str, ...] = ()) -> ImageMap:
    (directory / "stubborn.py").write_text(STUBBORN)
    command = ("python3", "stubborn.py")
    return ImageMap((MappedImage("*/shout:*", command, directory, {"FROM": "map", "BOTH": "map"}, requirements),))


@pytest.fixture
def documented(tmp_path: Path) -> Iterator[Fleet]:
    (tmp_path / "images.yaml").write_text(fenced("yaml", "shout.py"))
    (tmp_path / "shout.py").write_text(fenced("python", "SAGEMAKER_BIND_TO_PORT"))
    with fleet(tmp_path / "run", images=read_image_map(tmp_path / "images.yaml")) as started:
        yield started


def test_the_documented_example_serves(documented: Fleet) -> None:
    running = documented.start_ready("shout", {"model.txt": b"x"}, image=IMAGE)
    assert post(running, b"hello").body == b"HELLO!"
    documented.stop(running)
    assert not alive(running.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="CPU affinity")
def test_it_gets_the_hosting_contract_and_is_confined(tmp_path: Path) -> None:
    with fleet(tmp_path / "run", images=stubborn(tmp_path)) as started:
        running = started.start_ready("c", {"model.txt": b"x"}, image=IMAGE, environment={"BOTH": "container"})
        about = get(running, "/ping").json
        environment = about["environment"]
        assert (environment["FROM"], environment["BOTH"]) == ("map", "container")
        assert (Path(environment["SAGEMAKER_BASE_DIR"]) / "model" / "model.txt").read_text() == "x"
        assert environment["SAGEMAKER_BIND_TO_PORT"] == str(running.port)
        assert environment["PATH"].endswith(os.environ["PATH"])  # version managers put theirs first
        assert "PYTHONPATH" not in environment
        assert len(about["cpus"]) <= 2
        started.stop(running, grace_s=0.2)  # it ignores SIGTERM: killed, with what it has started
        assert [pid for pid in about["pids"] if alive(pid)] == []


def test_its_requirements_are_in_an_environment_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel(tmp_path / "wheels", "companion", "2.0")
    only_wheels_of(tmp_path / "wheels", monkeypatch)
    code = "import companion, sys; sys.exit(40 + int(float(companion.__version__)))"
    images = ImageMap((MappedImage(IMAGE, ("python", "-c", code), tmp_path, {}, ("companion==2.0",)),))
    with fleet(tmp_path / "run", tmp_path / "environments", images) as started:
        running = started.start("c", {"model.txt": b"x"}, image=IMAGE)
        started.until(lambda: running.exit_code() is not None, "it has ended")
        assert running.exit_code() == 42


def test_a_command_that_is_not_there_says_so_in_the_log(tmp_path: Path) -> None:
    images = ImageMap((MappedImage(IMAGE, ("no-such-program",), tmp_path),))
    with fleet(tmp_path / "run", images=images) as started:
        running = started.start("c", {"model.txt": b"x"}, image=IMAGE)
        started.until(lambda: running.exit_code() is not None, "it has ended")
        assert running.exit_code() == 127
        assert "cannot run 'no-such-program': No such file or directory" in running.log_tail(5)


def test_it_ends_with_the_server_however_that_ends(tmp_path: Path) -> None:
    stubborn(tmp_path)
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(PROJECT)!r})
from tests.fakes.process_containers import fleet, get
from tests.unit.sagemaker_local.runtime.test_mapped_image import IMAGE, stubborn
with fleet(Path({str(tmp_path)!r}) / "run", images=stubborn(Path({str(tmp_path)!r}))) as started:
    running = started.start_ready("c", {{"model.txt": b"x"}}, image=IMAGE)
    print(get(running, "/ping").body.decode(), flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        pids = json.loads(server.stdout.readline())["pids"]
        server.kill()
    with fleet(tmp_path / "waiting") as waiting:
        waiting.until(lambda: not any(alive(pid) for pid in pids), "the container has ended")

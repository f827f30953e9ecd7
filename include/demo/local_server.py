"""Start and stop the local SageMaker as a process of its own, as a user would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.demo.paths import PROJECT

READY = "sagemaker-local ready "
STOP_TIMEOUT_S = 45  # containers get 30 s to end after SIGTERM


class ServerDidNotStart(Exception):
    """The local SageMaker ended before it was ready; the message is what it said."""


@contextmanager
def local_sagemaker(data_dir: Path, *, port: int = 0, stage_s: float | None = None) -> Iterator[str]:
    """Yields the server's URL. `port` 0 takes a free one; the server and its containers are gone afterwards."""
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "server.log"
    command = [sys.executable, "-m", "include.sagemaker_local", "serve"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--data-dir", str(data_dir)]
    if stage_s is not None:
        command += ["--stage-seconds", str(stage_s)]
    with log.open("ab") as errors:
        # A session of its own: Ctrl-C reaches this process only, which then stops the server in order.
        process = subprocess.Popen(
            command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
        )
    try:
        yield _url_when_ready(process, log)
    finally:
        _stop(process)


def _url_when_ready(process: subprocess.Popen[str], log: Path) -> str:
    for line in process.stdout or ():
        if line.startswith(READY):
            return line.removeprefix(READY).strip()
    said = log.read_text(errors="replace").strip().splitlines()[-5:]
    raise ServerDidNotStart("\n".join(said) or f"the local SageMaker ended with status {process.wait()}")


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()

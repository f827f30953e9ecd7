"""Python environments for containers: made once with pip, kept in a directory that servers of one user share.

An environment is complete when its record is there, which is written last; one without is made anew. Whoever makes one
holds a lock file, and pip inherits the lock: it lasts until pip has ended too, even when the server was killed before.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import importlib.util
import json
import logging
import os
import re
import shutil
import signal
import sys
import sysconfig
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.sagemaker_local.errors import HostError, LocalSageMakerError
from include.sagemaker_local.runtime.pip_choice import substitute, unreachable

_log = logging.getLogger(__name__)

RECORD = "sluice-environment.json"
"""What a complete environment has. Its time of modification is when a container was last prepared with it."""
_LOCK_POLL_S = 0.2  # there is no event for another process's lock
# One for each package that has no wheel, and one for a conflict.
_MAX_SUBSTITUTES = 8
_TAIL_LINES = 5
Say = Callable[[str], None]
_IMPORT_ALL = """
import importlib, importlib.metadata, sys
for name in sys.argv[1:]:
    for file in importlib.metadata.files(name) or ():
        if file.name == "__init__.py" and len(file.parts) == 2:
            importlib.import_module(file.parts[0])
"""
# Published without a wheel; plain Python, and Spark's is Java besides.
PURE = frozenset({"sagemaker-inference", "pyspark"})


class PipFailed(LocalSageMakerError):
    """pip could not make an environment. The message says what to do, `tail` holds pip's last lines."""

    def __init__(self, message: str, tail: tuple[str, ...]) -> None:
        super().__init__(message)
        self.tail = tail


@dataclass(frozen=True, slots=True)
class Environment:
    """A complete environment. `notes` say where it differs from what was asked for."""

    directory: Path
    notes: tuple[str, ...]

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.directory / "bin" / "python"


class Environments:
    """The environments below `directory`, for the Python that runs this. Anybody may delete them at any time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def provide(self, name: str, requirements: Sequence[str], say: Say) -> Environment:
        """The environment that holds `requirements`, made with wheels only when it is not there.

        `name` begins its directory's name; `say` hears what takes long. May be cancelled. Raises PipFailed, or
        HostError when the directory cannot be written.
        """
        place = self._directory / f"{name}-{_key(requirements)}"
        async with self._made_alone(place, say) as lock:
            if (there := _complete(place)) is not None:
                _mark_used(place)
                return there
            say(f"installing {', '.join(requirements)} into {place}, once for all containers of this image")
            await _fresh_venv(place, lock)
            return await _install_nearest(place, tuple(requirements), lock, say)

    async def layer(self, base: Environment, code: Path, say: Say) -> Environment:
        """`base` with `code`/requirements.txt on top, as AWS's containers install it. Raises as `provide` does."""
        place = self._directory / f"{base.directory.name}-{_digest_of(code)}"
        async with self._made_alone(place, say) as lock:
            if (there := _complete(place)) is not None:
                _mark_used(place)
                return there
            say("installing code/requirements.txt, once for this text")
            await _fresh_venv(place, lock)
            _site_packages(place).joinpath("image.pth").write_text(f"{_site_packages(base.directory)}\n")
            status, output = await _pip(place, ["-r", "requirements.txt"], lock, cwd=code)
            if status:
                raise _failure("code/requirements.txt", output)
            return _record(place, base.notes)

    def find(self, name: str, requirements: Sequence[str]) -> Environment | None:
        """The environment that `provide` would answer with at once; None when it has to be made."""
        return _complete(self._directory / f"{name}-{_key(requirements)}")

    @asynccontextmanager
    async def _made_alone(self, place: Path, say: Say) -> AsyncIterator[int]:
        """Holds the lock of `place`, unless it is complete already; yields the lock's descriptor."""
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(lock_of(place), os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise HostError(
                f"cannot write {place.parent}: {error.strerror}; name another --environments-dir"
            ) from error
        try:
            if _complete(place) is None:
                await _locked(lock, place, say)
            yield lock
        except OSError as error:
            raise HostError(f"cannot make the environment {place}: {error.strerror or error}") from error
        finally:
            os.close(lock)


def lock_of(place: Path) -> Path:
    """The file that whoever makes the environment `place` holds."""
    return place.with_name(f"{place.name}.lock")


def _mark_used(place: Path) -> None:
    with contextlib.suppress(OSError):  # others may own it, and only its removal would ask
        os.utime(place / RECORD)


def _key(requirements: Sequence[str]) -> str:
    """Names an environment by what it holds and by the interpreter, whose compiled packages fit no other."""
    text = "\n".join((sys.base_prefix, sysconfig.get_config_var("SOABI") or sys.version, *requirements))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _digest_of(code: Path) -> str:
    """Names what requirements.txt asks for; a line that refers to other files counts with all of the code."""
    text = (code / "requirements.txt").read_bytes()
    digest = hashlib.sha256(text)
    if any(line.strip().startswith((b"-", b".", b"/")) or b"file:" in line for line in text.splitlines()):
        for path in sorted(code.rglob("*")):
            digest.update(str(path.relative_to(code)).encode() + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()[:12]


def _complete(place: Path) -> Environment | None:
    try:
        record = json.loads((place / RECORD).read_text())
    except (OSError, ValueError):
        return None
    # Its interpreter is a link to the one that made it, which may have been removed since.
    environment = Environment(place, tuple(record["notes"]))
    return environment if environment.python.exists() else None


def _record(place: Path, notes: tuple[str, ...]) -> Environment:
    unfinished = place / f"{RECORD}.part"
    unfinished.write_text(json.dumps({"notes": notes}))
    unfinished.replace(place / RECORD)
    return Environment(place, notes)


async def _locked(lock: int, place: Path, say: Say) -> None:
    waiting = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not waiting:
                say(f"waiting for {place}, which is being made")
            waiting = True
            await asyncio.sleep(_LOCK_POLL_S)
        else:
            return


async def _fresh_venv(place: Path, lock: int) -> None:
    await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)
    without_pip = ["--without-pip"] if _has_pip() else []
    status, output = await _run([sys.executable, "-m", "venv", *without_pip, str(place)], lock)
    if status:
        raise PipFailed(f"could not make a virtual environment in {place}", _tail(output))


async def _install_nearest(place: Path, requirements: tuple[str, ...], lock: int, say: Say) -> Environment:
    notes: list[str] = []
    for _ in range(_MAX_SUBSTITUTES + 1):
        status, output = await _pip(place, [f"--only-binary={_names(requirements)}", *requirements], lock)
        if status == 0:
            await _imported(place, requirements, lock)
            return _record(place, tuple(notes))
        other = substitute(requirements, output)
        if other is None:
            break
        say(f"{other.note}; trying again")
        notes.append(other.note)
        requirements = other.requirements
    raise _failure(", ".join(requirements), output)


async def _imported(place: Path, requirements: Sequence[str], lock: int) -> None:
    """Import what was installed: that compiles what containers will need, and shows wheels that do not go together.

    pip would compile everything, the tests of numerical libraries too, which takes twice as long as installing it.
    """
    names = _names(requirements).split(",")
    status, output = await _run([str(place / "bin" / "python"), "-c", _IMPORT_ALL, *names], lock)
    if status:
        raise PipFailed(f"installed {', '.join(requirements)}, but they cannot be imported", _tail(output))


def _names(requirements: Sequence[str]) -> str:
    """What must come as wheels: compiling numerical libraries takes a toolchain and half an hour."""
    return ",".join(
        re.split("[<=>]", requirement)[0] for requirement in requirements if requirement.partition("==")[0] not in PURE
    )


def _failure(what: str, output: str) -> PipFailed:
    hint = (
        "pip cannot reach its package index: connect this machine, or point pip at an index that it reaches "
        "(PIP_INDEX_URL, `pip config`)"
        if unreachable(output)
        else "pip found no way to install them for this Python"
    )
    return PipFailed(
        f"could not install {what}: {hint}; `python -m include.sagemaker_local prepare IMAGE` tries again",
        _tail(output),
    )


def _tail(output: str) -> tuple[str, ...]:
    return tuple(line for line in output.splitlines() if line.strip())[-_TAIL_LINES:]


async def _pip(place: Path, arguments: list[str], lock: int, cwd: Path | None = None) -> tuple[int, str]:
    python = str(place / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python] if _has_pip() else [python, "-m", "pip"]
    options = ["--quiet", "--no-input", "--no-compile", "--disable-pip-version-check"]
    return await _run([*pip, "install", *options, *arguments], lock, cwd=cwd)


async def _run(command: list[str], lock: int, cwd: Path | None = None) -> tuple[int, str]:
    """Exit status and output. A group of its own, so that a cancelled installation ends with all of its children."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    pipes: dict[str, Any] = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT}
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        pass_fds=(lock,),
        start_new_session=True,
        **pipes,
    )
    try:
        output, _ = await process.communicate()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    return process.returncode or 0, output.decode(errors="replace")


def _has_pip() -> bool:
    return importlib.util.find_spec("pip") is not None


def _site_packages(place: Path) -> Path:
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(place), "platbase": str(place)}))

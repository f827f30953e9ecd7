"""A container's own Java machine with Spark in it, reached through Py4J.

It is started by hand and not by PySpark: PySpark's session lives in one process, and here each worker talks to the
machine itself, after a fork. It ends with the container however that ends: it has the end of a pipe as its standard
input, which closes when the front is gone, and the kernel kills it with the front besides.
"""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
import shutil
import signal
import struct
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.sagemaker_local.serving.confinement import die_with_parent
from include.sagemaker_local.serving.launch import LaunchError

_MEBIBYTE = 1024 * 1024
_OLDEST_JAVA = 17  # Spark 4 runs on Java 17 and newer
# The limit of a container counts what the machine needs beside its heap as well: a quarter of a gigabyte of thread
# stacks and as much of classes and code. Half leaves room for it and for the workers; 4 GiB are enough for any row.
_HEAP_SHARE, _HEAP_AT_LEAST, _HEAP_AT_MOST = 2, 512 * _MEBIBYTE, 4096 * _MEBIBYTE
_START_S = 120.0  # three seconds on an idle machine
_POLL_S = 0.02
# Spark reflects into these packages (org.apache.spark.launcher.JavaModuleOptions).
_OPENED = (
    "java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent "
    "java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar"
)
# Any number of workers connect, where PySpark's pinned threads expect one process; and nobody else may.
_VARIABLES = {"PYSPARK_PIN_THREAD": "false", "SPARK_LOCAL_IP": "127.0.0.1"}


@dataclass(frozen=True, slots=True)
class SparkJvm:
    """A running machine. It lives as long as `process.stdin` is open, so somebody has to hold on to this."""

    process: subprocess.Popen[bytes]
    port: int
    token: str

    def connect(self) -> Any:
        """A Py4J gateway of this process's own."""
        from py4j.java_gateway import GatewayParameters, JavaGateway

        return JavaGateway(gateway_parameters=GatewayParameters(port=self.port, auth_token=self.token))


def start(scratch: Path, memory_bytes: int) -> SparkJvm:
    """Start a machine that writes below `scratch`, with a heap that leaves room in a container of `memory_bytes`.

    Raises LaunchError when there is no Java, an older one, or none that comes up.
    """
    java = find_java(dict(os.environ))
    scratch.mkdir(parents=True, exist_ok=True)
    note = Path(tempfile.mkdtemp(dir=scratch)) / secrets.token_hex(8)  # where it writes its port and token
    parent = os.getpid()
    process = subprocess.Popen(
        _command(java, scratch, memory_bytes),
        stdin=subprocess.PIPE,
        env={**os.environ, "_PYSPARK_DRIVER_CONN_INFO_PATH": str(note), **_VARIABLES},
        preexec_fn=lambda: die_with_parent(parent, signal.SIGKILL),  # the front has one thread
    )
    port, token = _connection(process, note)
    return SparkJvm(process, port, token)


def find_java(variables: dict[str, str]) -> Path:
    """The Java of JAVA_HOME or of PATH. Raises LaunchError when there is none that is new enough."""
    home = variables.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java", path=variables.get("PATH"))
    version = _java_version(found) if found else None
    if found is None or version is None:
        raise LaunchError(
            f"Spark needs Java {_OLDEST_JAVA} or newer, and there is none on this machine; install it (Debian and "
            f"Ubuntu: apt-get install openjdk-{_OLDEST_JAVA}-jre-headless, macOS: brew install openjdk@{_OLDEST_JAVA}) "
            "or name one in the container's environment as JAVA_HOME"
        )
    if version < _OLDEST_JAVA:
        raise LaunchError(f"Spark needs Java {_OLDEST_JAVA} or newer; {found} is Java {version}")
    return Path(found)


def heap_bytes(memory_bytes: int) -> int:
    """The largest heap of a machine in a container of `memory_bytes`."""
    return min(max(memory_bytes // _HEAP_SHARE, _HEAP_AT_LEAST), _HEAP_AT_MOST)


def _java_version(java: str) -> int | None:
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=True, timeout=_START_S)
    except (OSError, subprocess.SubprocessError):  # macOS has a `java` that only says that there is none
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)  # "1.8.0_402", "17.0.15"
    return int(found[1]) if found else None


def _command(java: Path, scratch: Path, memory_bytes: int) -> list[str]:
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise LaunchError("the container's Python environment has no pyspark")
    return [
        str(java),
        f"-Xmx{heap_bytes(memory_bytes) // _MEBIBYTE}m",
        "-XX:+UseSerialGC",  # rows are small and short-lived; other collectors bring threads for every CPU
        "-XX:TieredStopAtLevel=1",  # a third less time to start, and rows take no longer
        "-XX:+ExitOnOutOfMemoryError",  # the container is restarted instead of limping on
        f"-Djava.io.tmpdir={scratch}",
        "-Duser.timezone=UTC",  # as on an instance
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED.split()),
        "-cp",
        str(Path(spec.origin).parent / "jars" / "*"),
        "org.apache.spark.api.python.PythonGatewayServer",
    ]


def _connection(process: subprocess.Popen[bytes], note: Path) -> tuple[int, str]:
    """What the machine writes when it listens: int32 port, int32 length of the token, the token."""
    deadline_s = time.monotonic() + _START_S
    while not note.exists():  # it is renamed to this name when it is whole
        if process.poll() is not None:
            raise LaunchError(f"the Java machine ended with status {process.returncode}; its own lines say why")
        if time.monotonic() > deadline_s:
            raise LaunchError(f"the Java machine did not come up within {_START_S:g} seconds")
        time.sleep(_POLL_S)
    raw = note.read_bytes()
    port, length = struct.unpack_from("!ii", raw)
    return port, raw[8 : 8 + length].decode()

"""A Spark ML container as it really runs, with a Java machine of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.examples.abalone.deploy import SPARK_SCHEMA
from include.examples.abalone.train import Pipeline
from include.examples.breast_cancer.pack import pack
from include.sagemaker_local.runtime.running import RunningProcess
from include.sagemaker_local.runtime.usage import Usage
from tests.fakes.process_containers import Answer, Fleet, alive, fleet, get, post

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-sparkml-serving:3.3"
ENVIRONMENT = {"SAGEMAKER_SPARKML_SCHEMA": json.dumps(SPARK_SCHEMA), "SAGEMAKER_MODEL_SERVER_WORKERS": "2"}
ROW = "F,0.5,0.4,0.1,0.7,0.3,0.1,0.00002"
FEATURES = "0.5,0.4,0.1,0.7,0.3,0.1,2.0E-5"  # behind the sex, which has two columns


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("containers"), bound_s=300) as made:
        yield made


@pytest.fixture(scope="module")
def served(containers: Fleet, abalone: Pipeline) -> RunningProcess:
    return containers.start_ready("featurize", abalone.first.read_bytes(), image=IMAGE, environment=ENVIRONMENT)


def archive(directory: Path) -> bytes:
    return pack(
        {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    )


def schema(output: dict[str, str], *inputs: dict[str, str]) -> dict[str, Any]:
    return {"input": inputs, "output": output}


def ask(running: RunningProcess, document: Any, accept: str | None = None, kind: str = "application/json") -> Answer:
    return post(running, document if isinstance(document, bytes) else json.dumps(document).encode(), kind, accept)


def machine_of(running: RunningProcess) -> int:
    """The process id of its Java machine."""
    for path in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):  # not every entry is a process, and processes come and go
            if os.getpgid(int(path.name)) == running.pid and b"GatewayServer" in (path / "cmdline").read_bytes():
                return int(path.name)
    raise AssertionError("it has no Java machine")


def test_a_row_of_csv(served: RunningProcess) -> None:
    answer = post(served, ROW.encode(), "text/csv")
    assert (answer.status, answer.content_type) == (200, "text/csv")
    first, second, rest = answer.body.decode().split(",", 2)
    assert (rest, {first, second} <= {"0.0", "1.0"}) == (FEATURES, True)


def test_the_other_forms(served: RunningProcess) -> None:
    as_csv = post(served, ROW.encode(), "text/csv").body.decode()
    lines = post(served, ROW.encode(), "text/csv", "application/jsonlines")
    assert (lines.content_type, lines.body.decode()) == ("application/jsonlines", f'{{"features":[{as_csv}]}}')
    text = post(served, ROW.encode(), "text/csv", "application/jsonlines;data=text")
    assert (text.content_type, text.json) == ("application/jsonlines", {"source": as_csv.replace(",", " ")})
    row = ["F", *map(float, ROW.split(",")[1:])]
    assert ask(served, {"data": row}).body.decode() == as_csv
    listed = ask(served, json.dumps({"data": [row, row]}).encode(), kind="application/jsonlines")
    assert listed.body.decode() == f"[[{as_csv}], [{as_csv}]]"


def test_the_schema_of_a_request_wins(served: RunningProcess) -> None:
    own = {**SPARK_SCHEMA, "output": {"name": "sex", "type": "string"}}
    assert ask(served, {"schema": own, "data": ["F", *[0.5] * 7]}).body == b"F"


@pytest.mark.parametrize(
    ("body", "kind", "accept", "status", "words"),
    [
        (b"", "text/csv", None, 204, b""),
        (b"F,1", "text/csv", None, 400, b"Index 2 out of bounds for length 2"),
        (b"X" + ROW[1:].encode(), "text/csv", None, 400, b"Unseen label: X. To handle unseen labels, set Param"),
        (ROW.encode(), "text/csv", "application/json", 400, b"Accept value passed via request or environment variable"),
        (ROW.encode(), "text/plain", None, 415, b"Content type 'text/plain' not supported"),
    ],
)
def test_refusals(
    body: bytes, kind: str, accept: str | None, status: int, words: bytes, served: RunningProcess
) -> None:
    answer = post(served, body, kind, accept)
    assert answer.status == status
    assert words in answer.body


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ({"name": "nothing", "type": "double"}, b"`nothing` cannot be resolved"),
        ({"name": "sex_index", "type": "int"}, b"of Spark's type double, which the schema's type 'int'"),
        ({"name": "features", "type": "double", "struct": "array"}, b"of Spark's type vector, which"),
    ],
)
def test_an_output_that_the_pipeline_does_not_have(
    output: dict[str, str], words: bytes, served: RunningProcess
) -> None:
    answer = ask(served, {"schema": {**SPARK_SCHEMA, "output": output}, "data": ["F", *[0.5] * 7]})
    assert answer.status == 400
    assert words in answer.body


def test_execution_parameters(served: RunningProcess) -> None:
    answer = get(served, "/execution-parameters")
    assert answer.json == {"MaxConcurrentTransforms": 2, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 5}


def test_a_row_takes_milliseconds_and_no_spark_job(served: RunningProcess) -> None:
    took_ms = []
    for _ in range(200):
        started = time.perf_counter()
        post(served, ROW.encode(), "text/csv")
        took_ms.append((time.perf_counter() - started) * 1000)
    assert statistics.median(took_ms) < 50, statistics.quantiles(took_ms, n=10)  # a job takes some hundred
    assert not any("runs as a Spark job" in line for line in served.log_tail(500))


def test_usage_counts_the_machine(served: RunningProcess) -> None:
    usage = asyncio.run(served.usage())
    assert isinstance(usage, Usage)
    assert usage.memory_bytes > 100 * 1024**2


def test_pipelines_of_every_kind(containers: Fleet, models: Path) -> None:
    letter = {"name": "letter", "type": "string"}
    words, skips = (containers.start_ready(name, archive(models / name), image=IMAGE) for name in ("words", "skips"))

    split = schema({"name": "words", "type": "string", "struct": "array"}, letter)
    answer = ask(words, {"schema": split, "data": ["Big APPLE"]}, "application/jsonlines;data=text")
    assert answer.json == {"source": "big apple"}
    no_schema = post(words, b"a", "text/csv")
    assert (no_schema.status, no_schema.body) == (
        400,
        b"Input schema has to be provided either via environment variable or via the request",
    )

    index = schema({"name": "index", "type": "double"}, letter)
    assert ask(skips, {"schema": index, "data": ["b"]}).body == b"1.0"  # as a job, since its plan has a filter
    assert any("runs as a Spark job" in line for line in skips.log_tail(500))
    dropped = ask(skips, {"schema": index, "data": ["z"]})
    assert (dropped.status, dropped.body) == (400, b"the pipeline made 0 rows of 1")
    for running in (words, skips):
        containers.stop(running)

    scaled, random = (
        containers.start_ready(name, archive(models / name), image=IMAGE) for name in ("scaled", "random")
    )
    vector = {"type": "double", "struct": "vector"}
    scales = schema({"name": "scaled", **vector}, {"name": "values", **vector})
    assert ask(scaled, {"schema": scales, "data": [[5.0, 5.0]]}).body == b"0.5,0.5"
    integers = ask(scaled, {"schema": scales, "data": [[5, 5]]})
    assert integers.body == b"class java.lang.Integer cannot be cast to class java.lang.Double"
    drawn = schema({"name": "r", "type": "double"}, letter)
    assert 0 <= float(ask(random, {"schema": drawn, "data": ["a"]}).body) < 1
    nothing = schema({"name": "n", "type": "int"}, letter)
    assert ask(random, {"schema": nothing, "data": ["a"]}).body == b"null"
    for running in (scaled, random):
        containers.stop(running)


def test_the_machine_ends_with_its_container(containers: Fleet, abalone: Pipeline) -> None:
    for kill in (signal.SIGKILL, None):
        running = containers.start_ready("dies", abalone.first.read_bytes(), image=IMAGE, environment=ENVIRONMENT)
        machine = machine_of(running)
        if kill is None:
            containers.stop(running)
        else:
            os.kill(running.pid, kill)
        containers.until(lambda pid=machine: not alive(pid), "the Java machine ends")


def test_a_container_ends_with_its_machine(containers: Fleet, abalone: Pipeline) -> None:
    running = containers.start_ready("loses", abalone.first.read_bytes(), image=IMAGE, environment=ENVIRONMENT)
    os.kill(machine_of(running), signal.SIGKILL)
    answer = post(running, ROW.encode(), "text/csv")
    assert answer.status == 500
    assert b"the model process exited" in answer.body
    containers.until(lambda: running.exit_code() is not None, "the container gives up")


@pytest.mark.parametrize(
    ("files", "environment", "words"),
    [
        ({"bundle.json": b"{}", "root/model.json": b"{}"}, {}, "the model archive holds an MLeap bundle"),
        ({"model.pkl": b""}, {}, "no pipeline as PySpark 4 saves it"),
        ({"metadata/part-00000": b"{}", "stages/x": b""}, {}, "Spark cannot load the pipeline: "),
        ({"metadata/part-00000": b"{}", "stages/x": b""}, {"JAVA_HOME": "/nowhere"}, "openjdk-17-jre-headless"),
    ],
)
def test_what_cannot_be_served_ends_the_container_with_a_reason(
    files: dict[str, bytes], environment: dict[str, str], words: str, containers: Fleet, spark_python: str
) -> None:
    running = containers.start("broken", files, image=IMAGE, environment=environment)
    containers.until(lambda: running.exit_code() is not None, "the container gives up")
    assert any(words in line for line in running.log_tail(50)), running.log_tail(50)

"""The scikit-learn container's contract, in a real container: AWS's toolkit with the framework's own defaults."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest

from include.sagemaker_local.runtime.running import RunningProcess
from tests.fakes.archives import tar_gz
from tests.fakes.process_containers import Fleet, fleet, post

pytestmark = pytest.mark.slow

# Only model_fn: input_fn, predict_fn and output_fn are the container's defaults.
DEFAULTS = b"""
from beside import Doubler

def model_fn(model_dir):
    return Doubler()
"""
BESIDE = b"""
class Doubler:
    def predict(self, rows):
        print("dtype", rows.dtype)
        return rows * 2
"""
OWN = b"""
def model_fn(model_dir):
    return open(model_dir + "/weights.txt").read()

def input_fn(body, content_type, context):
    return f"{type(body).__name__} {content_type} {context.get_request_header(0, 'X-Amzn-SageMaker-Custom-Attributes')}"

def predict_fn(data, model):
    if "boom" in data:
        raise ValueError("boom on purpose")
    return f"{model} {data}"

def output_fn(prediction, accept):
    if accept == "application/x-object":
        return object()
    return prediction, accept
"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("fleet")) as made:
        yield made


@pytest.fixture(scope="module")
def defaults(started: Fleet) -> RunningProcess:
    return started.start_ready(
        "defaults",
        {"code/entry.py": DEFAULTS, "code/beside.py": BESIDE},
        environment={"SAGEMAKER_PROGRAM": "entry.py", "SAGEMAKER_MODEL_SERVER_WORKERS": "1"},
    )


@pytest.fixture(scope="module")
def own(started: Fleet) -> RunningProcess:
    return started.start_ready(
        "own",
        {"code/inference.py": OWN, "weights.txt": b"w8"},
        environment={"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv", "SAGEMAKER_MODEL_SERVER_WORKERS": "1"},
    )


def test_json_is_the_default_both_ways_and_numbers_are_float32(defaults: RunningProcess) -> None:
    answer = post(defaults, b"[[1, 2], [3, 4]]", None)
    assert (answer.status, answer.content_type, answer.json) == (200, "application/json", [[2, 4], [6, 8]])
    assert "dtype float32" in defaults.log_tail(1)[0]


def test_csv_in_and_out(defaults: RunningProcess) -> None:
    answer = post(defaults, b"1,2\n3,4\n", "text/csv", "text/csv")
    # Flask adds the charset in AWS's container, and the next container of a pipeline gets it.
    assert (answer.status, answer.content_type) == (200, "text/csv; charset=utf-8")
    assert answer.body == b"2.0,4.0\n6.0,8.0\n"


def test_npy_keeps_its_type(defaults: RunningProcess) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([1, 2]))
    answer = post(defaults, buffer.getvalue(), "application/x-npy", "application/x-npy")
    assert (answer.status, answer.content_type) == (200, "application/x-npy")
    assert np.load(io.BytesIO(answer.body)).tolist() == [2, 4]
    assert "dtype int64" in defaults.log_tail(1)[0]


def test_any_accepted_type_means_the_default(defaults: RunningProcess) -> None:
    assert post(defaults, b"[1]", "application/json", "*/*").content_type == "application/json"


@pytest.mark.parametrize("content_type", ["text/csv; charset=utf-8", "text/plain", "Text/CSV"])
def test_content_types_match_exactly(content_type: str, defaults: RunningProcess) -> None:
    answer = post(defaults, b"1,2", content_type)
    assert answer.status == 500
    assert answer.body.startswith(f"Content type {content_type} is not supported.".encode())


def test_accepted_types_match_exactly(defaults: RunningProcess) -> None:
    answer = post(defaults, b"[1]", "application/json", "text/html")
    assert answer.status == 500
    assert answer.body.startswith(b"Content type text/html is not supported.")


OF_A_NOTEBOOK = b"""
from sagemaker_containers.beta.framework import (
    content_types, encoders, env, modules, transformer, worker)

def model_fn(model_dir):
    return None

def input_fn(body, content_type):
    return encoders.decode(body, content_type)

def predict_fn(rows, model):
    return rows

def output_fn(rows, accept):
    if accept == content_types.JSON:
        return worker.Response('{"instances": []}', mimetype=accept)
    if accept == "text/plain":
        return worker.Response("no", status=422, mimetype=accept)
    if accept == "text/html":
        return env.model_dir
    return worker.Response(encoders.encode(rows, accept), mimetype=accept)
"""


@pytest.fixture(scope="module")
def of_a_notebook(started: Fleet) -> RunningProcess:
    return started.start_ready(
        "notebook", {"code/inference.py": OF_A_NOTEBOOK}, environment={"SAGEMAKER_MODEL_SERVER_WORKERS": "1"}
    )


@pytest.mark.parametrize(
    ("accept", "status", "media_type", "body"),
    [
        (None, 200, "application/json", b'{"instances": []}'),
        ("text/csv", 200, "text/csv; charset=utf-8", b"1.0\n2.0\n"),
        ("text/plain", 422, "text/plain; charset=utf-8", b"no"),
        (
            "text/html",
            500,
            "text/plain; charset=utf-8",
            b"sagemaker_containers.beta.framework.env.model_dir is not there",
        ),
        ("image/png", 500, "text/plain; charset=utf-8", b"Content type image/png is not supported."),
    ],
)
def test_code_that_imports_sagemaker_containers_runs(
    of_a_notebook: RunningProcess, accept: str | None, status: int, media_type: str, body: bytes
) -> None:
    answer = post(of_a_notebook, b"[1.0, 2.0]", "application/json", accept)
    assert (answer.status, answer.content_type) == (status, media_type)
    assert answer.body.startswith(body)


WHERE = b"""
import os
from beside import MARK

def model_fn(model_dir):
    return sorted(os.listdir(model_dir))

def transform_fn(model, body, content_type, accept):
    return f"{MARK} {model}", "text/plain"
"""


@pytest.mark.parametrize("submitted", ["s3://models/sourcedir.tar.gz", "/opt/ml/model/src", "file:///opt/ml/model/src"])
def test_code_is_where_the_submit_directory_says(started: Fleet, submitted: str) -> None:
    code = {"entry.py": WHERE, "beside.py": b"MARK = 'submitted'"}
    started.objects.objects["s3://models/sourcedir.tar.gz"] = tar_gz(code)
    archive = {"model.bin": b"x", **({} if "s3" in submitted else {f"src/{name}": text for name, text in code.items()})}
    environment = {
        "SAGEMAKER_PROGRAM": "entry.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": submitted,
        "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
    }
    running = started.start_ready(f"submitted-{len(submitted)}", archive, environment=environment)
    assert post(running, b"").body.startswith(b"submitted ['model.bin'")


def test_own_functions_get_text_headers_and_the_environments_accept(own: RunningProcess) -> None:
    answer = post(own, b"1,2", "text/csv")
    assert (answer.status, answer.content_type) == (200, "text/csv; charset=utf-8")
    assert answer.body == b"w8 str text/csv None"
    assert post(own, b"1,2", "text/csv; a=b").body == b"w8 bytes text/csv; a=b None"


def test_an_error_in_user_code_is_its_message_and_traceback_in_answer_and_log(own: RunningProcess) -> None:
    answer = post(own, b"x", "text/boom")
    assert answer.status == 500
    assert answer.body.startswith(b"boom on purpose\nTraceback")
    assert b"in predict_fn" in answer.body
    assert any(line.startswith("ValueError: boom on purpose") for line in own.log_tail(1000))


def test_what_is_no_body_is_an_error(own: RunningProcess) -> None:
    answer = post(own, b"x", "text/csv", "application/x-object")
    assert answer.status == 500
    assert b"has to return bytes or str, not object" in answer.body


@pytest.mark.parametrize(
    ("name", "files", "words"),
    [
        ("no-module", {"weights.bin": b"w"}, "SAGEMAKER_PROGRAM is 'inference.py'"),
        ("no-model-fn", {"code/inference.py": b"def predict_fn(data, model): ..."}, "provide a model_fn"),
    ],
)
def test_what_is_missing_from_the_archive_is_named(
    name: str, files: dict[str, bytes], words: str, started: Fleet
) -> None:
    running = started.start(name, files)
    started.until(lambda: running.exit_code() is not None, "the container has ended")
    assert running.exit_code() == 3
    assert any(words in line for line in running.log_tail(100))

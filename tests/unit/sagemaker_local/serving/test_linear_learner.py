"""The contract of the Linear Learner container: formats in and out, content types, status codes and texts."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.examples.abalone.linear_learner import Linear
from include.sagemaker_local.http1.messages import Response
from include.sagemaker_local.serving.instances import ContentTypeError, PayloadError, read
from include.sagemaker_local.serving.linear_artifact import load
from include.sagemaker_local.serving.linear_learner import LinearLearner
from tests.unit.sagemaker_local.serving.test_linear_artifact import BINARY, MULTICLASS, REGRESSOR, unpacked

DENSE = b'{"instances": [{"features": [1, 1]}, {"features": [0, 2.5]}]}'
SCORES = [1.5, -2.0]  # of those rows, by REGRESSOR
WRAPPED = b'{"instances": [{"configuration": {}, "data": {"features": {"values": [1, 1]}}}]}'
SPARSE = b'{"instances": [{"data": {"features": {"keys": [1], "shape": [2], "values": [2.5]}}}]}'
LINES = b'{"features": [1, 1]}\n\n{"data": {"features": {"values": [0, 2.5]}}}\n'


def learner(model: Linear, directory: Path, accept: str = "application/json") -> LinearLearner:
    return LinearLearner(load(unpacked(model, directory)), accept)


def ask(model: LinearLearner, body: bytes, content_type: str | None, accept: str | None = None) -> Response:
    headers = [(b"content-type", content_type), (b"accept", accept)]
    return model.invoke([(name, value.encode()) for name, value in headers if value is not None], body)


def scores(response: Response) -> list[float]:
    assert (response.status, response.header(b"content-type")) == (200, b"application/json")
    return [each["score"] for each in json.loads(response.body)["predictions"]]


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (DENSE, "application/json", SCORES),
        (DENSE, "Application/JSON; charset=utf-8", SCORES),
        (WRAPPED, "application/json", SCORES[:1]),
        (SPARSE, "application/json", SCORES[1:]),
        (LINES, "application/jsonlines", SCORES),
        (b"1,1\n0, 2.5\r\n\n", "text/csv", SCORES),
        (b"1,1", "text/csv; charset=utf-8; label_size=0", SCORES[:1]),
    ],
)
def test_rows_are_read_in_every_form(body: bytes, content_type: str, expected: list[float], tmp_path: Path) -> None:
    assert scores(ask(learner(REGRESSOR, tmp_path), body, content_type)) == expected


def test_recordio_in_and_out(tmp_path: Path) -> None:
    values = struct.pack("<2f", 1, 1)
    tensor = b"\x0a" + bytes([len(values)]) + values
    value = b"\x12" + bytes([len(tensor)]) + tensor
    entry = b"\x0a\x06values\x12" + bytes([len(value)]) + value
    record = b"\x0a" + bytes([len(entry)]) + entry
    body = struct.pack("<II", 0xCED7230A, len(record)) + record.ljust(-(-len(record) // 4) * 4, b"\0")
    kind = "application/x-recordio-protobuf"
    response = ask(learner(REGRESSOR, tmp_path), body, kind, kind)
    assert response.header(b"content-type") == kind.encode()
    assert struct.pack("<f", 1.5) in response.body
    assert b"score" in response.body


def test_answers_of_each_predictor(tmp_path: Path) -> None:
    binary = learner(BINARY, tmp_path / "b")
    one = ask(binary, b"1,1", "text/csv", "application/json; verbose=true")
    expected = float(np.float32(1 / (1 + np.exp(np.float32(-1.5)))))
    assert json.loads(one.body) == {"predictions": [{"score": expected, "predicted_label": 1}]}
    assert ask(binary, b"-2,2", "text/csv").body.endswith(b'"predicted_label": 0}]}')
    many = json.loads(ask(learner(MULTICLASS, tmp_path / "m"), b"0,1", "text/csv").body)["predictions"]
    assert many[0]["predicted_label"] == 2
    assert sum(many[0]["score"]) == pytest.approx(1)
    lines = ask(learner(REGRESSOR, tmp_path / "r"), DENSE, "application/json", "application/jsonlines")
    assert lines.header(b"content-type") == b"application/jsonlines"
    assert lines.body == b'{"score": 1.5}\n{"score": -2.0}\n'


def test_which_accept_counts(tmp_path: Path) -> None:
    asks_lines = learner(REGRESSOR, tmp_path, "application/jsonlines")
    assert ask(asks_lines, b"1,1", "text/csv", "*/*").body == b'{"score": 1.5}\n'
    assert scores(ask(asks_lines, b"1,1", "text/csv", "application/json")) == [1.5]
    assert scores(ask(asks_lines, b"1,1", "text/csv", "text/csv")) == [1.5]  # as on AWS: what is unknown gets JSON


@pytest.mark.parametrize("content_type", ["text/libsvm", "application/octet-stream", "text/csv;label_size=1"])
def test_other_content_types_are_refused(content_type: str, tmp_path: Path) -> None:
    response = ask(learner(REGRESSOR, tmp_path), b"1,1", content_type)
    assert (response.status, response.body) == (415, f"content-type {content_type} not supported".encode())


def test_a_bad_body_gets_awss_text_and_the_log_the_reason(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    response = ask(learner(REGRESSOR, tmp_path), b"1,2,3", "text/csv")
    assert (response.status, response.body) == (400, b"unable to evaluate payload provided")
    assert "a row has 3 features, the model 2" in caplog.text


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"", "text/csv", "holds no row"),
        (b"", "application/x-recordio-protobuf", "holds no row"),
        (b"1,x", "text/csv", "is no text/csv: could not convert"),
        (b"\xff", "text/csv", "is no text/csv"),
        (b"1,nan", "text/csv", "finite"),
        (b"1,1e300", "text/csv", "finite"),
        (b"{", "application/json", "is no application/json"),
        (b"[" * 100_000, "application/json", "is no application/json"),
        (b"[1]", "application/json", '"instances"'),
        (b'{"instances": [1]}', "application/json", "an object"),
        (b'{"instances": [{}]}', "application/json", "as a list"),
        (b'{"instances": [{"features": {"values": 1}}]}', "application/json", "as a list"),
        (b'{"instances": [{"features": [true, 1]}]}', "application/json", "have to be numbers"),
        (b'{"instances": [{"features": [1, NaN]}]}', "application/json", "NaN is no number"),
        (b'{"instances": [{"features": [1, 1%s]}]}' % (b"0" * 400), "application/json", "too large"),
        (SPARSE.replace(b"[2]", b"[9000000000]"), "application/json", "has the shape"),
        (SPARSE.replace(b"[1]", b"[2]"), "application/json", "keys from 0"),
        (SPARSE.replace(b"[1]", b"[-1]"), "application/json", "keys from 0"),
        (SPARSE.replace(b"[1]", b"[0, 1]"), "application/json", "a value for each key"),
        (SPARSE.replace(b"[1]", b"[0.5]"), "application/json", "whole numbers"),
    ],
)
def test_what_is_wrong_with_a_body(body: bytes, content_type: str, words: str) -> None:
    with pytest.raises(PayloadError, match=words):
        read(body, content_type, 2)


@given(st.binary(max_size=80), st.sampled_from(["text/csv", "application/json", "application/jsonlines"]))
def test_any_body_is_read_or_refused(body: bytes, content_type: str) -> None:
    try:
        assert read(body, content_type, 2).shape[1] == 2
    except (PayloadError, ContentTypeError):
        return


def test_a_missing_threshold_matters_to_binary_classifiers_only(tmp_path: Path) -> None:
    assert scores(ask(learner(replace(REGRESSOR, threshold=0), tmp_path), b"1,1", "text/csv")) == [1.5]

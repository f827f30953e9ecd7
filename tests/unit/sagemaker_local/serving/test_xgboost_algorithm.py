"""Algorithm mode of the XGBoost container: formats, content types, status codes and texts."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xgboost

from include.sagemaker_local.http1.messages import Response
from include.sagemaker_local.serving import xgboost_algorithm
from include.sagemaker_local.serving.launch import ServingEnvironment
from include.sagemaker_local.serving.recordio import write_records
from include.sagemaker_local.serving.script_mode import UnsupportedFormatError
from include.sagemaker_local.serving.xgboost_algorithm import AlgorithmMode
from include.sagemaker_local.serving.xgboost_script_mode import XgboostDefaults
from include.sagemaker_local.serving.xgboost_selection import Selection
from tests.fakes.algorithm_records import dense, framed, sparse

ROWS = np.random.default_rng(1).normal(size=(200, 3))
BOOSTER = xgboost.train(
    {"objective": "binary:logistic", "nthread": 1}, xgboost.DMatrix(ROWS, ROWS[:, 0] > 0), num_boost_round=5
)
HIGH, LOW = BOOSTER.predict(xgboost.DMatrix(np.array([[2.0, 0, 0], [-2.0, 0, 0]]))).tolist()
RECORDIO = "application/x-recordio-protobuf"
HIGH_CSV, LOW_CSV = b"2,0,0", b"-2,0,0"


def environment(model_dir: Path, accept: str | None = None) -> ServingEnvironment:
    return ServingEnvironment(model_dir, model_dir / "code", None, 1, 60.0, accept, False, None, None)


def ask(
    body: bytes, content_type: str | None, accept: str | None = None, model: AlgorithmMode | None = None
) -> Response:
    headers = [(b"content-type", content_type), (b"accept", accept)]
    model = model or AlgorithmMode(BOOSTER, "text/csv", batch=False)
    return model.invoke([(name, value.encode()) for name, value in headers if value is not None], body)


def content_type(response: Response) -> bytes | None:
    return response.header(b"content-type")


@pytest.mark.parametrize("sent", ["text/csv", "text/csv; charset=utf-8", "Text/CSV;label_size=1", "csv"])
def test_csv_is_read_whatever_its_parameters(sent: str) -> None:
    response = ask(HIGH_CSV + b"\n" + LOW_CSV + b"\n", sent)
    assert (response.status, content_type(response)) == (200, b"text/csv; charset=utf-8")
    assert response.body == f"{HIGH},{LOW}".encode()


@pytest.mark.parametrize("sent", [None, "text/libsvm", "text/x-libsvm; a=b"])
def test_libsvm_is_read_and_is_what_no_content_type_means(sent: str | None) -> None:
    response = ask(b"0:2 1:0 2:0\n0 0:-2 1:0 2:0\n", sent)
    assert response.body == f"{HIGH},{LOW}".encode()


def test_other_delimiters_and_missing_values_are_read() -> None:
    assert ask(b"2;0;0", "text/csv").body == str(HIGH).encode()
    assert ask(b"2,,0", "text/csv").status == 200


def test_accepted_types() -> None:
    assert json.loads(ask(HIGH_CSV, "text/csv", "application/json").body) == {"predictions": [{"score": HIGH}]}
    lines = ask(HIGH_CSV + b"\n" + LOW_CSV, "text/csv", "application/jsonlines; q=1")
    assert content_type(lines) == b"application/jsonlines"
    assert [json.loads(line) for line in lines.body.splitlines()] == [{"score": HIGH}, {"score": LOW}]
    assert content_type(ask(HIGH_CSV, "text/csv", "*/*")) == b"text/csv; charset=utf-8"
    asks_json = AlgorithmMode(BOOSTER, "application/json", batch=False)
    assert content_type(ask(HIGH_CSV, "text/csv", "*/*", asks_json)) == b"application/json"
    assert content_type(ask(HIGH_CSV, "text/csv", "text/csv", asks_json)) == b"text/csv; charset=utf-8"


def test_recordio_is_read_dense_and_sparse() -> None:
    assert ask(framed(dense([2, 0, 0]), dense([-2, 0, 0])), RECORDIO).body == f"{HIGH},{LOW}".encode()
    rows = framed(sparse([0], [2], 3), sparse([0], [-2], 3))
    # What a sparse row leaves out is missing, not 0.
    absent = BOOSTER.predict(xgboost.DMatrix(np.array([[2.0, np.nan, np.nan], [-2.0, np.nan, np.nan]]))).tolist()
    assert ask(rows, RECORDIO).body == ",".join(map(str, absent)).encode()


def test_recordio_is_written() -> None:
    written = ask(HIGH_CSV, "text/csv", RECORDIO)
    assert content_type(written) == RECORDIO.encode()
    assert written.body == write_records([{"score": [HIGH]}])
    selecting = AlgorithmMode(
        BOOSTER, "text/csv", False, Selection(("predicted_label", "labels"), "binary:logistic", 2)
    )
    assert ask(HIGH_CSV, "text/csv", RECORDIO, selecting).body == write_records(
        [{"predicted_label": [1], "labels": [0, 1]}]
    )


def test_batch_answers_have_a_line_for_each_row() -> None:
    batch = AlgorithmMode(BOOSTER, "text/csv", batch=True)
    assert ask(HIGH_CSV + b"\n" + LOW_CSV, "text/csv", None, batch).body == f"{HIGH}\n{LOW}\n".encode()


@pytest.mark.parametrize(
    ("body", "sent", "accept", "status", "text"),
    [
        (b"", "text/csv", None, 204, b""),
        (
            b"{}",
            "application/json",
            None,
            415,
            b"application/json is not an accepted ContentType: csv, libsvm, parquet",
        ),
        (b"1", "application/x-parquet", None, 415, b"Content-type application/x-parquet is not supp"),
        (b"1", "application/x-recordio-protobuf", None, 415, b"please ensure data is in recordio-protobuf format"),
        (HIGH_CSV, "text/csv; label_size=2", None, 415, b"Optional parameter label_size must be equal to 1"),
        (b"a,b,c", "text/csv", None, 415, b"please ensure data is in csv format"),
        (b"1,2\n1,2,3", "text/csv", None, 415, b"please ensure data is in csv format"),
        (b"nothing here", "text/libsvm", None, 415, b"please ensure data is in libsvm format"),
        (b"\xff\xfe", "text/csv", None, 415, b"please ensure data is in csv format"),
        (b"1,2,3,4,5", "text/csv", None, 400, b"Unable to evaluate payload provided: "),
        (HIGH_CSV, "text/csv", "text/html", 406, b"Accept type text/html is not supported."),
    ],
)
def test_refusals(body: bytes, sent: str, accept: str | None, status: int, text: bytes) -> None:
    response = ask(body, sent, accept)
    assert response.status == status
    assert text in response.body


@pytest.mark.parametrize("form", ["json", "ubj", "pickle"])
@pytest.mark.parametrize("name", ["xgboost-model", "model.bin"])
def test_boosters_are_told_by_their_content_whatever_their_name(form: str, name: str, tmp_path: Path) -> None:
    raw = pickle.dumps(BOOSTER) if form == "pickle" else bytes(BOOSTER.save_raw(form))
    (tmp_path / name).write_bytes(raw)
    (tmp_path / "code").mkdir()  # directories do not count
    model = xgboost_algorithm.load(environment(tmp_path, "application/json"))
    assert json.loads(ask(HIGH_CSV, "text/csv", None, model).body) == {"predictions": [{"score": HIGH}]}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "it holds no file"),
        ({"a": b"1", "b": b"2"}, "it holds a, b"),
        ({"xgboost-model": b"garbage"}, "cannot be loaded"),
        ({"xgboost-model": pickle.dumps({"not": "a booster"})}, "a pickled dict, not a Booster"),
    ],
)
def test_what_cannot_be_loaded_is_explained(files: dict[str, bytes], words: str, tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(RuntimeError, match=words):
        xgboost_algorithm.load(environment(tmp_path))


def test_early_stopping_leaves_the_later_trees_out(tmp_path: Path) -> None:
    stopped = BOOSTER.copy()
    stopped.set_attr(best_iteration="0")
    (tmp_path / "xgboost-model").write_bytes(bytes(stopped.save_raw("ubj")))
    model = xgboost_algorithm.load(environment(tmp_path))
    first_tree = BOOSTER.predict(xgboost.DMatrix(np.array([[2.0, 0, 0]])), iteration_range=(0, 1)).tolist()
    assert ask(HIGH_CSV, "text/csv", None, model).body == str(first_tree[0]).encode() != str(HIGH).encode()


def selecting(directory: Path, keys: str, booster: xgboost.Booster = BOOSTER, *, batch: bool = False) -> AlgorithmMode:
    (directory / "xgboost-model").write_bytes(bytes(booster.save_raw("ubj")))
    return xgboost_algorithm.load(replace(environment(directory), inference_output=keys, batch=batch))


def test_selected_outputs_of_a_binary_model_in_each_type(tmp_path: Path) -> None:
    model = selecting(tmp_path, "predicted_label, labels,Probability,probabilities,raw_score,raw_scores")
    said = {
        "predicted_label": 1, "labels": [0, 1], "probability": HIGH, "probabilities": [1.0 - HIGH, HIGH],
        "raw_score": HIGH, "raw_scores": [1.0 - HIGH, HIGH],
    }  # fmt: skip
    answer = ask(HIGH_CSV, "text/csv", "application/json", model)
    assert (answer.status, json.loads(answer.body)) == (200, {"predictions": [said]})
    lines = ask(HIGH_CSV + b"\n" + HIGH_CSV, "text/csv", "application/jsonlines", model).body.decode()
    assert [json.loads(line) for line in lines.splitlines()] == [said, said]
    both = f'"{[1.0 - HIGH, HIGH]}"'
    row = f'1,"[0, 1]",{HIGH},{both},{HIGH},{both}'
    assert ask(HIGH_CSV + b"\n" + HIGH_CSV, "text/csv", None, model).body.decode() == f"{row}\n{row}"


def test_selected_outputs_of_a_multiclass_model(tmp_path: Path) -> None:
    parameters = {"objective": "multi:softprob", "num_class": 3, "nthread": 1}
    booster = xgboost.train(parameters, xgboost.DMatrix(ROWS, np.arange(len(ROWS)) % 3), num_boost_round=2)
    (said,) = json.loads(
        ask(HIGH_CSV, "text/csv", "application/json", selecting(tmp_path, ",".join(MULTICLASS), booster)).body
    )["predictions"]
    assert list(said) == list(MULTICLASS)
    assert said["labels"] == [0, 1, 2]
    assert said["probability"] == said["raw_score"] == max(said["probabilities"])
    assert said["predicted_label"] == said["probabilities"].index(said["probability"])


MULTICLASS = ("labels", "predicted_label", "probabilities", "probability", "raw_score")


def test_a_key_that_the_objective_does_not_have_is_nan_and_batch_ends_with_a_newline(tmp_path: Path) -> None:
    answer = ask(HIGH_CSV, "text/csv", None, selecting(tmp_path, "predicted_score,predicted_label", batch=True))
    assert answer.body == b"nan,1\n"


def test_nothing_can_be_selected_of_other_objectives(tmp_path: Path) -> None:
    booster = xgboost.train({"objective": "count:poisson", "nthread": 1}, xgboost.DMatrix(ROWS, ROWS[:, 0] > 0), 1)
    answer = ask(HIGH_CSV, "text/csv", None, selecting(tmp_path, "predicted_score", booster))
    assert (answer.status, answer.body) == (
        500,
        b"Objective `count:poisson` unsupported for selectable inference predictions.",
    )


@pytest.mark.parametrize(
    ("body", "content_type"), [("2,0,0", "text/csv"), (b"0:2", "text/libsvm"), (b"0:2", "text/x-libsvm")]
)
def test_script_mode_reads_a_matrix_by_default(body: str | bytes, content_type: str) -> None:
    defaults = XgboostDefaults()
    prediction = defaults.default_predict_fn(defaults.default_input_fn(body, content_type), BOOSTER)
    assert defaults.default_output_fn(prediction, "application/json")[1] == "application/json"
    if content_type == "text/csv":
        assert prediction.tolist() == [HIGH]


@pytest.mark.parametrize("content_type", ["text/csv; charset=utf-8", "application/json"])
def test_script_mode_wants_exactly_a_type_that_it_reads(content_type: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=f"Content type {content_type} is not supported"):
        XgboostDefaults().default_input_fn("1,2,3", content_type)

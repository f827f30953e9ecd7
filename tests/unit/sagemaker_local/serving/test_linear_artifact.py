"""Linear Learner's artifact: where its files may be, what they say, and what is refused."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from include.examples.abalone.linear_learner import Linear, artifact, params
from include.sagemaker_local.serving.linear_artifact import LinearModelError, load
from include.sagemaker_local.serving.linear_model import Link, PredictorType

REGRESSOR = Linear(np.array([[2.0], [-1.0]]), np.array([0.5]))
BINARY = replace(
    REGRESSOR, predictor_type="binary_classifier", loss="logistic", output="LogisticRegressionOutput", threshold=0.25
)
MULTICLASS = Linear(np.arange(6.0).reshape(2, 3), np.zeros(3), "multiclass_classifier", "softmax_loss", "SoftmaxOutput")


def unpacked(model: Linear, directory: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(artifact(model))) as archive:
        archive.extractall(directory, filter="data")
    return directory


def flat(model: Linear, directory: Path) -> Path:
    """The module's files at the top, as AWS's guide loads them."""
    unpacked(model, directory)
    with zipfile.ZipFile(directory / "model_algo-1") as module:
        for name in module.namelist():
            (directory / name).write_bytes(module.read(name))
    (directory / "model_algo-1").unlink()
    return directory


@pytest.mark.parametrize("place", [unpacked, flat])
def test_the_artifact_as_the_algorithm_writes_it_and_as_the_guide_unpacks_it(place: object, tmp_path: Path) -> None:
    assert callable(place)
    model = load(place(BINARY, tmp_path))
    assert (model.predictor, model.link, model.threshold) == (PredictorType.BINARY, Link.SIGMOID, 0.25)
    assert model.features == 2
    assert model.scores(np.array([[1, 1]], np.float32))[0, 0] == pytest.approx(1 / (1 + np.exp(-1.5)))


@pytest.mark.parametrize(
    ("loss", "output", "link"),
    [
        ("squared_loss", "LinearRegressionOutput", Link.IDENTITY),
        ("huber_loss", "MakeLoss", Link.IDENTITY),
        ("anything", "MAERegressionOutput", Link.IDENTITY),
        ("hinge_loss", "MakeLoss", Link.IDENTITY),
        ("logistic", "MakeLoss", Link.SIGMOID),
    ],
)
def test_the_end_of_the_graph_or_the_loss_says_what_a_score_is(
    loss: str, output: str, link: Link, tmp_path: Path
) -> None:
    assert load(unpacked(replace(BINARY, loss=loss, output=output), tmp_path)).link is link


def test_scores_and_labels_of_each_predictor(tmp_path: Path) -> None:
    rows = np.array([[1, 1], [0, 1000], [1000, 0]], np.float32)
    regressor = load(unpacked(REGRESSOR, tmp_path / "a"))
    assert regressor.scores(rows).tolist() == [[1.5], [-999.5], [2000.5]]
    assert regressor.labels(regressor.scores(rows)) is None
    binary = load(unpacked(BINARY, tmp_path / "b"))
    labels = binary.labels(np.array([[0.2499], [0.25]], np.float32))
    assert labels is not None
    assert labels.tolist() == [0, 1]
    assert binary.scores(rows)[1:].tolist() == [[0.0], [1.0]]
    many = load(unpacked(MULTICLASS, tmp_path / "c"))
    scores = many.scores(rows)
    assert scores.sum(axis=1).tolist() == pytest.approx([1, 1, 1])
    assert scores[0].tolist() == pytest.approx((np.exp([3, 5, 7]) / np.exp([3, 5, 7]).sum()).tolist())


def test_weights_of_a_fully_connected_layer_are_transposed(tmp_path: Path) -> None:
    directory = flat(REGRESSOR, tmp_path)
    symbol = (directory / "mx-mod-symbol.json").read_text().replace('"dot"', '"FullyConnected"')
    (directory / "mx-mod-symbol.json").write_text(symbol)
    (directory / "mx-mod-0000.params").write_bytes(params({"arg:fc0_weight": np.array([[2.0, -1.0]])}))
    assert load(directory).scores(np.array([[1, 1]], np.float32)).tolist() == [[1.0]]  # and without a bias


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("additional-params.json", b"{", "additional-params.json is not JSON"),
        ("additional-params.json", b"[]", "has to hold a JSON object"),
        ("additional-params.json", b"{}", "the predictor_type None"),
        ("additional-params.json", b'{"predictor_type": "binary_classifier"}', "the threshold None"),
        ("additional-params.json", b'{"predictor_type": "multiclass_classifier"}', "has 1 outputs"),
        ("mx-mod-symbol.json", b"{}", "no graph of operators"),
        ("mx-mod-symbol.json", b'{"nodes": [{"op": "Convolution"}]}', "no linear model: .*Convolution"),
        ("mx-mod-symbol.json", b'{"nodes": [{"op": "dot"}]}', "ends with 'dot', and the loss_type is 'no loss'"),
        ("mx-mod-0000.params", b"x", "mx-mod-0000.params cannot be read: it ends 15 bytes too early"),
        ("mx-mod-0000.params", params({"conv": np.ones((1, 1))}), "which no model of Linear Learner has"),
        ("mx-mod-0000.params", params({}), "holds no fc0_weight"),
        ("mx-mod-0000.params", params({"fc0_weight": np.ones((2, 1)), "fc0_bias": np.ones(2)}), "fc0_bias has the"),
        ("mx-mod-0000.params", None, "missing is mx-mod-0000.params"),
        ("model_algo-1", b"not a zip", "model_algo-1 is not the zip archive"),
    ],
)
def test_what_cannot_be_served_is_explained(name: str, content: bytes | None, words: str, tmp_path: Path) -> None:
    directory = flat(replace(REGRESSOR, loss="no loss"), tmp_path)
    if content is None:
        (directory / name).unlink()
    else:
        (directory / name).write_bytes(content)
    with pytest.raises(LinearModelError, match=words):
        load(directory)


def test_a_zip_without_the_module_and_one_with_damaged_data(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model_algo-1", "w") as module:
        module.writestr("hyperparams.json", json.dumps({}))
    with pytest.raises(LinearModelError, match=r"missing is .*mx-mod-symbol\.json"):
        load(tmp_path)
    unpacked(REGRESSOR, tmp_path)
    raw = (tmp_path / "model_algo-1").read_bytes()
    (tmp_path / "model_algo-1").write_bytes(raw.replace(b'"null"', b'"nUll"', 1))
    with pytest.raises(LinearModelError, match="CRC"):
        load(tmp_path)

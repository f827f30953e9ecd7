"""The sample pipeline: made the same each time, and right about the held-out row."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.examples.breast_cancer.train import SamplePipeline, build
from include.sagemaker_local.runtime import artifacts
from include.sagemaker_local.runtime.running import RunningProcess
from tests.fakes.process_containers import SKLEARN, XGBOOST, Answer, fleet, post

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SamplePipeline:
    return build(tmp_path_factory.mktemp("sample"))


def digests(directory: Path) -> dict[str, str]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_command_makes_the_same_bytes_in_another_process(sample: SamplePipeline, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "include.examples.breast_cancer.train", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert digests(tmp_path) == digests(sample.payload.parent)
    assert f"accuracy on {sample.held_out_rows} held-out rows" in done.stdout


def test_archives_pass_the_platforms_checks_and_hold_what_they_should(sample: SamplePipeline) -> None:
    contents = {
        sample.featurize: ["code/inference.py", "scaler.joblib"],
        sample.predict: ["xgboost-model"],
        sample.predict_slow: ["code/inference.py", "xgboost-model"],
        sample.label: ["classes.json", "code/inference.py"],
    }
    for path, names in contents.items():
        artifacts.check(path.read_bytes(), str(path))
        with tarfile.open(path) as archive:
            assert archive.getnames() == names


def test_payloads_are_rows_that_are_not_the_held_out_one(sample: SamplePipeline) -> None:
    with tarfile.open(fileobj=io.BytesIO(sample.payload.read_bytes())) as archive:
        bodies = [member.read() for name in archive.getnames() if (member := archive.extractfile(name)) is not None]
    assert len(set(bodies)) == len(bodies) >= 3
    assert sample.holdout.read_bytes() not in bodies
    assert all(len(body.strip().split(b",")) == 30 for body in bodies)


def test_it_is_better_than_guessing(sample: SamplePipeline) -> None:
    assert sample.accuracy > 0.9


@pytest.fixture(scope="module")
def chain(sample: SamplePipeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RunningProcess]]:
    csv = {"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv", "SAGEMAKER_MODEL_SERVER_WORKERS": "1"}
    script = {**csv, "SAGEMAKER_PROGRAM": "inference.py", "JITTERED_COPIES": "100"}
    with fleet(tmp_path_factory.mktemp("fleet")) as started:
        parts = (
            ("featurize", sample.featurize, SKLEARN, csv),
            ("predict", sample.predict, XGBOOST, {"SAGEMAKER_MODEL_SERVER_WORKERS": "1"}),
            ("predict-slow", sample.predict_slow, XGBOOST, script),
            ("label", sample.label, SKLEARN, {"SAGEMAKER_MODEL_SERVER_WORKERS": "1"}),
        )
        for name, path, image, environment in parts:
            started.start(name, path.read_bytes(), image=image, environment=environment)
        yield started.ready_by_name()


def follow(chain: dict[str, RunningProcess], body: bytes, middle: str) -> Answer:
    """What the data plane does: each answer goes on with its own Content-Type; nobody but the last gets an Accept."""
    answer = Answer(200, "text/csv", body)
    for name in ("featurize", middle, "label"):
        answer = post(chain[name], answer.body, answer.content_type, None)
        assert answer.status == 200, answer.body
    return answer


@pytest.mark.slow
@pytest.mark.parametrize("middle", ["predict", "predict-slow"])
def test_the_chain_names_the_true_class_of_the_held_out_row(
    middle: str, chain: dict[str, RunningProcess], sample: SamplePipeline
) -> None:
    answer = follow(chain, sample.holdout.read_bytes(), middle)
    assert answer.content_type == "application/json"
    assert answer.json["label"] == json.loads(sample.holdout_class.read_text())["label"]
    assert 0.5 <= answer.json["probability"] <= 1


@pytest.mark.slow
def test_many_rows_get_one_answer_each(chain: dict[str, RunningProcess], sample: SamplePipeline) -> None:
    answer = follow(chain, sample.holdout.read_bytes() * 3, "predict")
    assert len(answer.json) == 3
    assert answer.json[0] == answer.json[2]

"""The pipeline of AWS's notebook "Inference Pipeline with Scikit-learn and Linear Learner", on the real server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from include.examples.abalone.deploy import Aws, ask, deploy
from include.examples.abalone.train import Pipeline, build_linear
from tests.e2e.test_batch_transform import ended, request, results
from tests.fakes.aws_server import client
from tests.fakes.server_process import server_process

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return build_linear(tmp_path_factory.mktemp("abalone"))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server_process(tmp_path_factory.mktemp("sagemaker") / "data", "--startup-timeout", "120") as server:
        yield server.url


def test_scikit_learn_and_linear_learner_agree_without_a_word_about_formats(pipeline: Pipeline, url: str) -> None:
    """Between the containers nobody asks for a type: the featurizer writes JSON and the algorithm reads it."""
    aws = Aws(url)
    endpoint = deploy(aws, pipeline.first.parent)
    answer = json.loads(ask(aws, endpoint, "\n".join(pipeline.held_out)))
    predicted = [each["score"] for each in answer["predictions"]]
    assert all(abs(score - rings) < 3 for score, rings in zip(predicted, pipeline.rings, strict=True))
    errors = [(score - rings) ** 2 for score, rings in zip(predicted, pipeline.rings, strict=True)]
    assert sum(errors) / len(errors) < 1  # rings are drawn with a deviation of a half, and rounded

    sagemaker = client("sagemaker", url)
    sagemaker.delete_endpoint(EndpointName=endpoint)
    aws.client("s3").create_bucket(Bucket="data")
    aws.client("s3").put_object(Bucket="data", Key="in/rows.csv", Body="\n".join(pipeline.held_out).encode())
    job = request("linear", "in/", ModelName=endpoint)
    job["TransformOutput"]["Accept"] = "application/jsonlines"
    sagemaker.create_transform_job(**job)
    assert ended(url, "linear")["TransformJobStatus"] == "Completed"
    lines = results(url, "linear")["rows.csv.out"].splitlines()
    assert [json.loads(line)["score"] for line in lines] == predicted

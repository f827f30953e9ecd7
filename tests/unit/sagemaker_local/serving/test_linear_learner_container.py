"""A Linear Learner container as it really runs: its image's name, its artifact, its environment of numpy alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.examples.abalone.linear_learner import artifact
from tests.fakes.process_containers import fleet, post
from tests.unit.sagemaker_local.serving.test_linear_artifact import REGRESSOR

pytestmark = pytest.mark.slow

IMAGE = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"


def test_a_container_serves_and_one_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    with fleet(tmp_path) as containers:
        running = containers.start_ready("predict", artifact(REGRESSOR), image=IMAGE)
        answer = post(running, b'{"instances": [{"features": [1, 1]}]}')
        assert (answer.status, answer.content_type) == (200, "application/json")
        assert answer.json == {"predictions": [{"score": 1.5}]}
        wrong = post(running, b"1,2,3", "text/csv")
        assert (wrong.status, wrong.body) == (400, b"unable to evaluate payload provided")
        assert any("a row has 3 features, the model 2" in line for line in running.log_tail(20))

        empty = containers.start("empty", {"readme.txt": b""}, image=IMAGE)
        containers.until(lambda: empty.exit_code() is not None, "it gives up")
        assert any("missing is mx-mod-symbol.json" in line for line in empty.log_tail(40)), empty.log_tail(40)

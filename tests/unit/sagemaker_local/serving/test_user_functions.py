"""How user functions are called: AWS's toolkit counts their parameters, and here it counts once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from include.sagemaker_local.http1.messages import Response
from include.sagemaker_local.serving import script_mode
from include.sagemaker_local.serving.launch import ServingEnvironment
from include.sagemaker_local.serving.script_mode import ScriptMode

CODE = """
import inspect

def model_fn(model_dir):
    return "model"

def input_fn(body, content_type, context):
    return context.get_request_header(0, "X-Name")

class Predict:
    __name__ = "predict_fn"
    __hash__ = None
    looked_at = 0

    @property
    def __signature__(self):
        self.looked_at += 1
        return inspect.Signature([inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in NAMES])

    def __call__(self, data, model, *more):
        return f"{data} {model} {len(more)} {self.looked_at}"

predict_fn = Predict()

def output_fn(prediction, accept):
    return prediction, accept
"""


def load(place: Path, monkeypatch: pytest.MonkeyPatch, *, parameters: str) -> ScriptMode:
    program = f"counted_{len(parameters)}.py"
    (place / program).write_text(f"NAMES = {parameters!r}\n{CODE}")
    monkeypatch.setattr(sys, "path", sys.path[:])  # loading appends to it
    monkeypatch.setenv("SAGEMAKER_PROGRAM", program)
    return script_mode.load(ServingEnvironment(place, place, program, 1, 60.0, None, False, None, None))


def ask(loaded: ScriptMode, name: bytes) -> tuple[int, bytes]:
    answer = loaded.invoke([(b"x-name", name), (b"accept", b"text/plain")], b"body")
    assert isinstance(answer, Response)
    return answer.status, answer.body


@pytest.mark.parametrize(("parameters", "more"), [("ab", b"0"), ("abc", b"1")])
def test_a_function_gets_the_context_if_it_has_a_place_for_it(
    parameters: str, more: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load(tmp_path, monkeypatch, parameters=parameters)
    assert [ask(loaded, name) for name in (b"one", b"two")] == [
        (200, b"one model %b 1" % more),
        (200, b"two model %b 1" % more),  # nobody looked at it again
    ]


def test_any_other_number_of_parameters_is_refused_in_awss_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, body = ask(load(tmp_path, monkeypatch, parameters="a"), b"one")
    assert (status, body.splitlines()[0]) == (500, b"predict_fn takes 1 arguments but 2 were given.")

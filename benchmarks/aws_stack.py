"""The WSGI application of AWS's scikit-learn container, for gunicorn in the peer's environment; no part of Sluice.

It joins the user's module to AWS's own sagemaker-containers package, as the container does.
"""

from __future__ import annotations

import collections
import collections.abc
import importlib
import os
import sys
from typing import Any

import numpy as np

collections.Mapping = collections.abc.Mapping  # type: ignore[attr-defined]  # AWS's image patches this for new Pythons

# After the patch, without which it cannot be imported; only the peer's environment has it.
from sagemaker_containers.beta.framework import (  # type: ignore[import-not-found]  # noqa: E402
    content_types,
    encoders,
    transformer,
    worker,
)


def _input(data: Any, content_type: str) -> Any:
    rows = encoders.decode(data, content_type)
    return rows.astype(np.float32) if content_type in content_types.UTF8_TYPES else rows


def _output(prediction: Any, accept: str) -> Any:
    return worker.Response(encoders.encode(prediction, accept), mimetype=accept)


def _application() -> Any:
    sys.path.insert(0, f"{os.environ['SAGEMAKER_BASE_DIR']}/model/code")
    module = importlib.import_module("inference")
    model = transformer.Transformer(
        model_fn=module.model_fn,
        input_fn=getattr(module, "input_fn", _input),
        predict_fn=getattr(module, "predict_fn", lambda rows, fitted: fitted.predict(rows)),
        output_fn=getattr(module, "output_fn", _output),
    )
    model.initialize()
    return worker.Worker(transform_fn=model.transform, module_name="inference")


app = _application()

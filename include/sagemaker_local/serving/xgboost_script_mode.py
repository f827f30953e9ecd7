"""What AWS's XGBoost container does in script mode when the user's module lacks a function: DMatrix in, numbers out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from include.sagemaker_local.serving.script_mode import FrameworkDefaults, UnsupportedFormatError
from include.sagemaker_local.serving.xgboost_matrix import csv_matrix, libsvm_matrix

# The container looks these up by the exact content type, unlike in algorithm mode.
_DECODERS: Mapping[str, Callable[[bytes], Any]] = {
    "text/csv": csv_matrix,
    "text/libsvm": libsvm_matrix,
    "text/x-libsvm": libsvm_matrix,
}


class XgboostDefaults(FrameworkDefaults):
    """Output is as in the scikit-learn container."""

    def default_input_fn(self, input_data: Any, content_type: str) -> Any:
        """A DMatrix of CSV or libsvm. Raises UnsupportedFormatError for another content type."""
        if content_type not in _DECODERS:
            raise UnsupportedFormatError(content_type)
        return _DECODERS[content_type](input_data.encode() if isinstance(input_data, str) else bytes(input_data))

    def default_predict_fn(self, data: Any, model: Any) -> Any:
        """The booster's prediction, whatever the columns were called in training."""
        return model.predict(data, validate_features=False)

"""Arrays to and from JSON, CSV and NPY, by AWS's toolkit that is in the environment."""

from __future__ import annotations

from typing import Any

from sagemaker_containers.beta.framework import content_types  # type: ignore[import-not-found]
from sagemaker_containers.beta.framework.errors import UnsupportedFormatError  # type: ignore[import-not-found]
from sagemaker_inference import decoder, encoder

_TYPES = (content_types.JSON, content_types.CSV, content_types.NPY)


def encode(array_like: Any, content_type: str) -> Any:
    """`array_like` as text or bytes. Raises UnsupportedFormatError."""
    if content_type not in _TYPES:
        raise UnsupportedFormatError(content_type)
    return encoder.encode(array_like, content_type)


def decode(obj: Any, content_type: str) -> Any:
    """A numpy array. Raises UnsupportedFormatError."""
    if content_type not in _TYPES:
        raise UnsupportedFormatError(content_type)
    return decoder.decode(obj, content_type)

"""Which container contract an image stands for. PURE: no I/O, no third-party imports.

The process runtime does not run images. It knows the two framework containers of AWS by their repository names,
whatever registry, account or region they are pulled from, and speaks their contracts itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from include.sagemaker_local.errors import ContainerError


class Framework(StrEnum):
    """A framework container that the process runtime serves."""

    SKLEARN = "sklearn"
    XGBOOST = "xgboost"


@dataclass(frozen=True, slots=True)
class FrameworkImage:
    """A framework and the version that the image's tag names ("1.4-2"), empty when it names none."""

    framework: Framework
    version: str


_REPOSITORIES = {"sagemaker-scikit-learn": Framework.SKLEARN, "sagemaker-xgboost": Framework.XGBOOST}
_VERSION = re.compile(r"\d+(\.\d+)+(-\d+)?")  # "1.4-2" of the tag "1.4-2-cpu-py3"


def framework_image(image: str, *, container: str) -> FrameworkImage:
    """The framework behind `image`. Raises ContainerError, for `container`, when it is not one of AWS's two."""
    name = image.rsplit("/", 1)[-1].partition("@")[0]
    repository, _, tag = name.partition(":")
    framework = _REPOSITORIES.get(repository)
    if framework is None:
        raise ContainerError(
            container,
            f"uses the image {image!r}, which cannot run as a process: the process runtime serves AWS's scikit-learn "
            "and XGBoost images (repositories sagemaker-scikit-learn and sagemaker-xgboost); on a Docker engine "
            "`serve --runtime docker` or `--runtime auto` runs any image that it has",
        )
    version = _VERSION.match(tag)
    return FrameworkImage(framework, version.group() if version else "")

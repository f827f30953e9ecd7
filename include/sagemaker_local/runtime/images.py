"""Which container contract an image stands for. PURE: no I/O, no third-party imports.

The process runtime does not run images. It knows framework containers of AWS by their repository names, whatever
registry, account or region they are pulled from, and speaks their contracts itself. A further one takes a row in
`FRAMEWORKS` here and one in `serving/framework.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from include.sagemaker_local.errors import ContainerError
from include.sagemaker_local.runtime.framework_releases import (
    LINEAR_LEARNER,
    SKLEARN,
    SPARKML,
    XGBOOST,
    FrameworkReleases,
)


class Framework(StrEnum):
    """A framework container that the process runtime serves; `serving` gets the value as `--framework`."""

    SKLEARN = "sklearn"
    XGBOOST = "xgboost"
    SPARKML = "sparkml"
    LINEAR_LEARNER = "linear-learner"


@dataclass(frozen=True, slots=True)
class FrameworkImage:
    """A framework, the version that the image's tag names ("1.4-2", empty when it names none), and what it holds."""

    framework: Framework
    version: str
    requirements: tuple[str, ...]  # as pip takes them


# By repository name: the framework, and what the environment of each of its releases holds.
FRAMEWORKS: Mapping[str, tuple[Framework, FrameworkReleases]] = {
    "sagemaker-scikit-learn": (Framework.SKLEARN, SKLEARN),
    "sagemaker-xgboost": (Framework.XGBOOST, XGBOOST),
    "sagemaker-sparkml-serving": (Framework.SPARKML, SPARKML),
    "linear-learner": (Framework.LINEAR_LEARNER, LINEAR_LEARNER),
}
KNOWN_IMAGES = tuple(f"{repository}:{list(releases.releases)[-1]}" for repository, (_, releases) in FRAMEWORKS.items())
"""Every framework's newest release that the tables list."""
_VERSION = re.compile(r"\d+(\.\d+)+(-\d+)?")  # "1.4-2" of the tag "1.4-2-cpu-py3"


def is_framework(image: str) -> bool:
    """Whether `framework_image` finds one behind the image."""
    return image.rsplit("/", 1)[-1].partition("@")[0].partition(":")[0] in FRAMEWORKS


def framework_image(image: str, *, container: str) -> FrameworkImage:
    """The framework behind `image`. Raises ContainerError, for `container`, when it is none that is served."""
    name = image.rsplit("/", 1)[-1].partition("@")[0]
    repository, _, tag = name.partition(":")
    row = FRAMEWORKS.get(repository)
    if row is None:
        raise ContainerError(
            container,
            f"uses the image {image!r}, which cannot run as a process: the process runtime serves AWS's images of the "
            f"repositories {', '.join(FRAMEWORKS)}; on a Docker engine `serve --runtime docker` or `--runtime auto` "
            "runs any image that it has, and images.yaml maps an image to a command of this machine "
            "(`serve --images FILE`)",
        )
    framework, releases = row
    found = _VERSION.match(tag)
    version = found.group() if found else ""
    return FrameworkImage(framework, version, releases.requirements(version))

"""The environment of each framework image: what AWS's image holds, and what the serving code needs beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from include.sagemaker_local.errors import ContainerError, HostError
from include.sagemaker_local.runtime.environments import Environment, Environments, PipFailed
from include.sagemaker_local.runtime.images import Framework, FrameworkImage, framework_image

# In the versions that the server has: those are tested, and in pip's cache.
_SERVING_PACKAGES = ("uvloop", "httptools")
# Serving code of users decodes and encodes with it (`serving/script_mode.py`); it brings scipy and botocore along.
_HANDLERS_PACKAGE = "sagemaker-inference"
_WITH_HANDLERS = frozenset((Framework.SKLEARN, Framework.XGBOOST))


async def provide_environment(
    environments: Environments, image: FrameworkImage, say: Callable[[str], None]
) -> Environment:
    """The environment that containers of `image` run in. Raises PipFailed or HostError."""
    return await environments.provide(*_wanted(image), say)


def image_environment(environments: Environments, image: FrameworkImage) -> Environment | None:
    """The environment of `image`, when it is there already."""
    return environments.find(*_wanted(image))


def _wanted(image: FrameworkImage) -> tuple[str, list[str]]:
    """The name of an image's environment, and its requirements."""
    handlers = (_HANDLERS_PACKAGE,) if image.framework in _WITH_HANDLERS else ()
    serving = [f"{package}=={version(package)}" for package in (*_SERVING_PACKAGES, *handlers)]
    return "-".join(filter(None, (image.framework.value, image.version))), [*image.requirements, *serving]


async def prepare_environments(images: Sequence[str], directory: Path, say: Callable[[str], None]) -> list[Path]:
    """The interpreters of `images`, whose environments are made below `directory` unless they are there.

    Raises HostError for an image that is not served, and when an environment cannot be made.
    """
    environments, pythons = Environments(directory), []
    for image in images:
        try:
            served = framework_image(image, container=image)
            environment = await provide_environment(environments, served, say)
        except ContainerError as error:
            raise HostError(error.reason) from error
        except PipFailed as error:
            raise HostError("\n".join((*error.tail, str(error)))) from error
        for note in environment.notes:
            say(f"{image}: {note}")
        pythons.append(environment.python)
    return pythons

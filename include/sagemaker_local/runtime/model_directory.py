"""A container's model on disk: fetched, checked and unpacked into a directory of the container's own."""

from __future__ import annotations

import shutil
from pathlib import Path

from include.sagemaker_local.deployment import Container
from include.sagemaker_local.errors import HostError
from include.sagemaker_local.objects import ObjectReader
from include.sagemaker_local.runtime import artifacts
from include.sagemaker_local.runtime.contract import Placement

SUBMIT_DIRECTORY = "SAGEMAKER_SUBMIT_DIRECTORY"
_CONTAINER_BASE = "/opt/ml"


def unpack_model(objects: ObjectReader, container: Container, placement: Placement) -> Path:
    """The base directory (`ml`) below the placement's own, with the model in `model`; that is empty without one.

    Code that SAGEMAKER_SUBMIT_DIRECTORY names in S3, as SDKs upload it (`sourcedir.tar.gz`), goes to `code`.

    Blocks. A restart serves what S3 holds now, and nothing left over. Raises ArtifactError or HostError.
    """
    base = placement.directory / "ml"
    try:
        shutil.rmtree(base, ignore_errors=True)
        (base / "model").mkdir(parents=True)
        placement.log_file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HostError(f"cannot make the directory of container {container.name!r}: {error}") from error
    if container.model_data_url is not None:
        data = objects.read(container.model_data_url)
        artifacts.unpack(data, container.model_data_url, base / "model")
    source = container.environment.get(SUBMIT_DIRECTORY, "")
    if source.startswith("s3://"):
        artifacts.unpack(objects.read(source), source, base / "code")
    return base


def code_directory(container: Container, placement: Placement) -> Path:
    """Where the container's own code is, once `unpack_model` has returned.

    SAGEMAKER_SUBMIT_DIRECTORY names an archive in S3, or a directory as a container on AWS sees it.
    """
    base, source = placement.directory / "ml", container.environment.get(SUBMIT_DIRECTORY, "")
    if source.startswith("s3://"):
        return base / "code"
    below = source.removeprefix("file://").removeprefix(_CONTAINER_BASE)
    return base / below.lstrip("/") if source and below != source else base / "model" / "code"

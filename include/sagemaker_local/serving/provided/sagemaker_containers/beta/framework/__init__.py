"""`from sagemaker_containers.beta.framework import content_types, encoders, worker`, as AWS's samples have it."""

from __future__ import annotations

from sagemaker_containers.beta.framework import content_types, encoders, errors, worker  # type: ignore[import-not-found]


class _ImportedOnly:
    """A module that samples import and do not use."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, member: str) -> object:
        raise AttributeError(
            f"sagemaker_containers.beta.framework.{self._name}.{member} is not there in a container that runs as a "
            "process; name sagemaker-containers in code/requirements.txt to have the real package"
        )


env, modules, transformer = (_ImportedOnly(name) for name in ("env", "modules", "transformer"))

__all__ = ["content_types", "encoders", "env", "errors", "modules", "transformer", "worker"]

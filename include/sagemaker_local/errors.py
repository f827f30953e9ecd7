"""The exception tree of the local SageMaker. The question each branch answers is whose fault it is.

LocalSageMakerError
├── ApiError            the caller's request is refused; it carries AWS's code, message and HTTP status
├── ArtifactError       the user's model artifact cannot be used: missing, not gzip, symlinks, climbs out
├── ContainerError      a container could not be started, or died; it names the container and its last log lines
├── HttpError           a peer that did not answer as HTTP/1.1 wants it (http1/errors.py)
├── IllegalTransition   a programming error of ours: an event that the resource's state does not allow
└── HostError           this machine cannot do it: port in use, no disk, no permission
"""

from __future__ import annotations


class LocalSageMakerError(Exception):
    """Base of everything that the local SageMaker raises on purpose."""


class ApiError(LocalSageMakerError):
    """A refusal in AWS's own form: `code` is what botocore reports as `Error.Code`."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class ArtifactError(LocalSageMakerError):
    """A model artifact or payload archive that cannot be used; the message names its URI and the reason."""


class ContainerError(LocalSageMakerError):
    """A container that did not start, did not answer /ping, or died."""

    def __init__(self, container: str, reason: str, *, log_tail: tuple[str, ...] = ()) -> None:
        super().__init__(f"container {container!r} {reason}")
        self.container = container
        self.reason = reason
        self.log_tail = log_tail


class IllegalTransition(LocalSageMakerError):
    """An event that the lifecycle table does not list for the resource's present state."""


class HostError(LocalSageMakerError):
    """Something this machine cannot give; the message is one line that says what to change."""

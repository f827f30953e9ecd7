"""Why a job failed, in words. PURE: no I/O, no third-party imports."""

from __future__ import annotations

from include.sagemaker_local.errors import ContainerError, LocalSageMakerError

_LOG_LINES_IN_REASON = 3


def in_full(error: LocalSageMakerError) -> str:
    """The error's text and, of a container that did not come up, its last log lines."""
    reason = str(error)
    if isinstance(error, ContainerError) and error.log_tail:
        reason += f". Its last log lines: {' | '.join(error.log_tail[-_LOG_LINES_IN_REASON:])}"
    return reason

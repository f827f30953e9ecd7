"""A container of the pipeline failed: the platform's own words for it.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Sequence

from include.sagemaker_local.errors import ApiError

# An error page quoted in an error message helps up to a point; AWS names no limit of its own.
MAX_QUOTED_BYTES = 16 * 1024


class ModelError(ApiError):
    """HTTP 424. `original_status` and `original_message` are the container's own; status 0: it gave no answer."""

    def __init__(self, message: str, *, original_status: int, original_message: str) -> None:
        super().__init__("ModelError", message, status=424)
        self.original_status = original_status
        self.original_message = original_message
        # The microseconds of every container that answered, the failing one's error among them.
        self.latencies_us: Sequence[tuple[str, int]] = ()

    @property
    def error_code(self) -> str:
        """ErrorCode of the wire form. The value for client errors is known from the field, the other by analogy."""
        return "CLIENT_ERROR_FROM_MODEL" if 400 <= self.original_status < 500 else "SERVER_ERROR_FROM_MODEL"

    def located(self, region: str, endpoint_name: str, account_id: str) -> ModelError:
        """The same error with the sentence that says where the logs are."""
        console = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
        group = f"/aws/sagemaker/Endpoints/{endpoint_name}"
        where = f"See {console}#logEventViewer:group={group} in account {account_id} for more information."
        return ModelError(
            f"{self.message} {where}",
            original_status=self.original_status,
            original_message=self.original_message,
        )


def answered_with_error(container: str, status: int, body: bytes) -> ModelError:
    """The container answered, but not with 2xx."""
    return _received(container, status, body[:MAX_QUOTED_BYTES].decode("utf-8", "replace"))


def timed_out(container: str) -> ModelError:
    """The container did not answer while the platform waited."""
    text = (
        f"Your invocation timed out while waiting for a response from container {container}. Review the latency "
        "metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
    )
    return _received(container, 0, text)


def exited(container: str) -> ModelError:
    """Nobody listens on the container's port, or the connection broke before the answer was whole."""
    return _received(container, 0, "An error occurred while handling request as the model process exited.")


def malformed(container: str) -> ModelError:
    """The container's answer is not HTTP/1.1. These words are ours: AWS publishes none for this case."""
    return _received(container, 0, "The response of the container is not valid HTTP/1.1.")


def too_large(container: str, following: str, status: int, size_bytes: int, limit_bytes: int) -> ModelError:
    """The container's answer is more than may be handed to the `following` one."""
    text = (
        f"Received response from {container} with status code {status}. However, the request payload from {container} "
        f"to {following} is {size_bytes} bytes, which has exceeded the maximum limit of {limit_bytes / 1_000_000:g} MB."
    )
    return ModelError(text, original_status=status, original_message=text)


def _received(container: str, status: int, quoted: str) -> ModelError:
    kind = "client" if 400 <= status < 500 else "server"
    text = f'Received {kind} error ({status}) from {container} with message "{quoted}".'
    return ModelError(text, original_status=status, original_message=quoted)

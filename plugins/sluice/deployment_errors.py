"""An endpoint that is not as it was wanted: the branch of the exception tree in `errors` that is about deployments."""

from __future__ import annotations

from sluice.errors import MAX_LOG_LINES, SluiceError


class DeploymentError(SluiceError):
    """An endpoint that does not run the config asked for, with all that is known about why."""

    def __init__(
        self,
        endpoint: str,
        wanted_config: str,
        live_config: str | None,
        reason: str | None,
        log_lines: tuple[str, ...] = (),
        alarms: tuple[str, ...] = (),
    ) -> None:
        super().__init__(endpoint, wanted_config, live_config, reason, log_lines, alarms)
        self.endpoint = endpoint
        self.wanted_config = wanted_config
        self.live_config = live_config
        self.reason = reason
        self.log_lines = log_lines
        self.alarms = alarms

    def _why(self) -> str:
        reason = "; ".join(filter(None, (self.reason, *self.alarms))) or "AWS gave no reason"
        if not self.log_lines:
            return f"{reason} (no container log lines were found)"
        tail = self.log_lines[-MAX_LOG_LINES:]
        return "\n  ".join((reason, "last log lines of the containers:", *tail))


class DeploymentRolledBack(DeploymentError):
    """The update was undone by AWS: the endpoint is InService, but on its old config."""

    def __str__(self) -> str:
        return (
            f"endpoint {self.endpoint} was rolled back: asked for config {self.wanted_config}, "
            f"live is {self.live_config}. The new containers are at fault, the old ones still serve. {self._why()}"
        )


class DeploymentRollbackFailed(DeploymentError):
    """The update failed and its undoing, too: the endpoint is UpdateRollbackFailed."""

    def __str__(self) -> str:
        return (
            f"endpoint {self.endpoint} could not be rolled back: asked for config {self.wanted_config}, and the way "
            f"back to {self.live_config} failed as well. What runs keeps its traffic and may be both versions; "
            f"another update is the way out, so run the last good version's promotion. {self._why()}"
        )


class DeploymentFailed(DeploymentError):
    """The endpoint ended in a state from which it does not serve the config asked for, and rolled back to none."""

    def __str__(self) -> str:
        live = f"live config is {self.live_config}" if self.live_config else "no config is live"
        return f"endpoint {self.endpoint} failed to deploy config {self.wanted_config}; {live}. {self._why()}"


class EndpointNotDeleted(SluiceError):
    """An endpoint that is still there; `status` is the last that was seen, `waited` how long that took."""

    def __init__(self, endpoint: str, status: str, waited: str) -> None:
        super().__init__(endpoint, status, waited)
        self.endpoint = endpoint
        self.status = status
        self.waited = waited

    def __str__(self) -> str:
        return (
            f"endpoint {self.endpoint} is still {self.status} after {self.waited}, and its instances cost money. "
            "Clear this task, or delete the endpoint by hand."
        )

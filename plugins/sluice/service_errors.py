"""AWS said no: the branch of the exception tree in `errors` that is about calls which AWS refused."""

from __future__ import annotations

from sluice.errors import SluiceError


class ServiceRefused(SluiceError):
    """AWS refused a call. Branch on `code` (`ValidationException`), never on `message`."""

    def __init__(self, operation: str, code: str, message: str, resource: str | None = None) -> None:
        super().__init__(operation, code, message, resource)
        self.operation = operation
        self.code = code
        self.message = message
        self.resource = resource

    def __str__(self) -> str:
        about = f" for {self.resource}" if self.resource else ""
        return f"AWS refused {self.operation}{about} with {self.code}: {self.message}"


class CallDenied(ServiceRefused):
    """The caller may not do that."""

    def __str__(self) -> str:
        about = f" on {self.resource}" if self.resource else ""
        return (
            f"{super().__str__()}\nAllow {self.operation}{about} in the policy of the role behind the Airflow "
            "connection, or of the execution role when the message names that one."
        )


class RequestInvalid(ServiceRefused):
    """The request itself is at fault: names, values, or the state of what it is about."""


class QuotaExceeded(ServiceRefused):
    """There is no more of it, at this moment or for this account."""

    def __str__(self) -> str:
        return (
            f"{super().__str__()}\nAsk for more in Service Quotas, delete what is not needed any more, or choose "
            "another instance type."
        )


class ServiceBusy(ServiceRefused):
    """Nobody's fault here: the same call may succeed in a while."""

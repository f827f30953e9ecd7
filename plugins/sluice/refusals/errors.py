"""AWS said no: the branch of the exception tree in `errors` that is about calls which AWS refused."""

from __future__ import annotations

from sluice.errors import SluiceError
from sluice.refusals.permissions import actions_of
from sluice.refusals.texts import Denial, denial_in, quota_in

CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Codes that are about who asks, and not about what is asked: no policy helps."""
WITHOUT_CAPACITY = frozenset({"InsufficientCapacity"})
"""AWS itself has no more at the moment; a larger quota would change nothing."""


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
    """The caller may not do that, or is not who it says it is."""

    def __str__(self) -> str:
        return f"{super().__str__()}\n{self._advice()}"

    def _advice(self) -> str:
        if self.code in CREDENTIALS:
            return "These are the credentials of the Airflow connection: renew or correct them. No policy would help."
        denial = denial_in(self.message)
        if denial is None:
            actions = " and ".join(actions_of(self.operation)) or self.operation
            about = f" on {_as_arn(self.resource)}" if self.resource else ""
            return f"Allow {actions}{about} in the policy of the role behind the Airflow connection."
        return _allowing(denial)


def _allowing(denial: Denial) -> str:
    what = f"{denial.action} on {denial.resource or '*'}"
    if denial.explicit:
        return f"An explicit deny in a {denial.explicit} forbids {what} to {denial.principal}: allowing does not help."
    return f"Allow {what} in a policy of {denial.principal}."


def _as_arn(resource: str) -> str:
    return resource.replace("s3://", "arn:aws:s3:::", 1) if resource.startswith("s3://") else resource


class RequestInvalid(ServiceRefused):
    """The request itself is at fault: names, values, or the state of what it is about."""


class QuotaExceeded(ServiceRefused):
    """There is no more of it, at this moment or for this account."""

    def __str__(self) -> str:
        return f"{super().__str__()}\n{self._advice()}"

    def _advice(self) -> str:
        if self.code in WITHOUT_CAPACITY:
            return "AWS has no instances of the type to give at this moment: wait, or choose another instance type."
        quota = quota_in(self.message)
        if quota is None:
            return "AWS does not name the quota here: look through those of the service in Service Quotas."
        return (
            f"The quota is {quota.name!r}: {quota.limit}, of which {quota.used} are in use, and {quota.delta} more are "
            "asked for. Ask for more of it in Service Quotas (Amazon SageMaker), delete endpoints that nobody uses, or "
            "choose another instance type."
        )


class ServiceBusy(ServiceRefused):
    """Nobody's fault here: the same call may succeed in a while."""

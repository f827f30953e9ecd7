"""delete_endpoint: take an endpoint away when nobody needs it any more, and see that it is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.api_responses import MOVING
from sluice.errors import EndpointNotDeleted
from sluice.operators.base import SluiceOperator
from sluice.triggers import EndpointSettled, Polling

if TYPE_CHECKING:
    from airflow.sdk import Context


class DeleteEndpointOperator(SluiceOperator):
    """Delete an endpoint, and wait without holding a worker slot until it is gone; one that is not there is fine.

    AWS refuses to delete an endpoint that it is creating or updating, so that is waited for first. XCom:
    `{"endpoint", "deleted"}`. Raises EndpointNotDeleted when it is still there after `timeout_s`, and ServiceRefused.

    :param endpoint: name of the endpoint (templated)
    :param poll_s: seconds between two looks at the endpoint
    :param timeout_s: seconds after which each of the two waits is given up
    """

    template_fields = aws_template_fields("endpoint")

    def __init__(self, *, endpoint: str, poll_s: float = 15.0, timeout_s: float = 3600.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.endpoint = endpoint
        self.poll_s = poll_s
        self.timeout_s = timeout_s

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        state = self.hook.find_endpoint(self.endpoint)
        if state is None:
            return {"endpoint": self.endpoint, "deleted": False}
        if state.status in MOVING:
            self.log.info("endpoint %s is %s, and AWS deletes none such", self.endpoint, state.status)
        elif state.status != "Deleting":
            self.hook.delete_endpoint(self.endpoint)
        return self._wait()

    def when_settled(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """It is gone, or it is at rest and can be deleted now, or the time is up."""
        state = self.hook.find_endpoint(self.endpoint)
        if state is None:
            return {"endpoint": self.endpoint, "deleted": True}
        if event["status"] != "success":
            raise EndpointNotDeleted(self.endpoint, state.status, f"{self.timeout_s:g} s")
        return self.carry_out(context)

    def _wait(self) -> NoReturn:
        polling = Polling(self.poll_s, self.timeout_s)
        trigger = EndpointSettled(
            endpoint_name=self.endpoint,
            waiter_delay=polling.every_s,
            waiter_max_attempts=polling.attempts,
            **self.connection,
        )
        self.defer(trigger=trigger, method_name="when_settled")

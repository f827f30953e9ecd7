"""delete_endpoint: take an endpoint away when nobody needs it any more, and see that it is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.deployment_errors import EndpointNotDeleted
from sluice.operators.waiting import WaitingOperator
from sluice.responses.resources import MOVING
from sluice.waiting.remote_work import Kind
from sluice.waiting.watch import ENDED, End

if TYPE_CHECKING:
    from airflow.sdk import Context


class DeleteEndpointOperator(WaitingOperator):
    """Delete an endpoint, and wait until it is gone; one that is not there is fine.

    AWS refuses to delete an endpoint that it is creating or updating, so that is waited for first. XCom:
    `{"endpoint", "deleted"}`. Raises EndpointNotDeleted when it is still there after `timeout_s`, and ServiceRefused.

    :param endpoint: name of the endpoint (templated)
    :param poll_s: shortest time between two looks at the endpoint, in seconds
    :param timeout_s: seconds after which each of the two waits is given up
    :param deferrable: False waits in the worker
    """

    kind = Kind.ENDPOINT
    template_fields = aws_template_fields("endpoint")

    def __init__(self, *, endpoint: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.endpoint = endpoint

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        state = self.hook.find_endpoint(self.endpoint)
        if state is None:
            return {"endpoint": self.endpoint, "deleted": False}
        if state.status in MOVING:
            self.log.info("endpoint %s is %s, and AWS deletes none such", self.endpoint, state.status)
        elif state.status != "Deleting":
            self.hook.delete_endpoint(self.endpoint)
        deleted: dict[str, Any] = self.wait_for(self.endpoint, None, self.when_settled, context)
        return deleted

    def when_settled(self, context: Context, event: End) -> dict[str, Any]:
        """It is gone, or it is at rest and can be deleted now, or the time is up."""
        self.refuse_to_guess(event)
        return self.carry_out(context) if self._is_there(event["how"] == ENDED) else self._gone()

    def when_given_up(self, context: Context) -> dict[str, Any]:
        """See WaitingOperator."""
        self._is_there(False)
        return self._gone()

    def _is_there(self, in_time: bool) -> bool:
        state = self.hook.find_endpoint(self.endpoint)
        if state is not None and not in_time:
            raise EndpointNotDeleted(self.endpoint, state.status, f"{self.patience_s:g} s")
        return state is not None

    def _gone(self) -> dict[str, Any]:
        return {"endpoint": self.endpoint, "deleted": True}

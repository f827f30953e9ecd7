"""delete_endpoint: take an endpoint away when nobody needs it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.operators.base import SluiceOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class DeleteEndpointOperator(SluiceOperator):
    """Delete an endpoint; one that is not there is fine. XCom: `{"endpoint", "deleted"}`. Raises ServiceRefused.

    :param endpoint: name of the endpoint (templated)
    """

    template_fields = aws_template_fields("endpoint")

    def __init__(self, *, endpoint: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.endpoint = endpoint

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        return {"endpoint": self.endpoint, "deleted": self.hook.delete_endpoint(self.endpoint)}

"""read_event: what the asset events that started a run ask it for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from sluice.operators.base import from_template
from sluice.operators.candidate import PipelineOperator
from sluice.run_request import AssetEvent, RunRequest, likely_slips, training_request
from sluice.typed import build

if TYPE_CHECKING:
    from airflow.sdk import Context


class ReadEventOperator(PipelineOperator):
    """Take what the run is to promote from the asset events that started it, or from its parameters when none did.

    XCom: `{"model_data", "environment", "model_package_arn"}`, as the parameters of a promotion; empty is not asked
    for. Raises SpecError for an event whose extra asks for what this pipeline cannot do.

    :param pipeline: the spec, or the same as plain data (templated)
    :param request: the run's parameters, `{"model_data", "environment", "model_package_arn"}` (templated)
    """

    template_fields = aws_template_fields("pipeline", "request")
    template_fields_renderers: ClassVar[dict[str, str]] = {"pipeline": "json", "request": "json"}

    def __init__(self, *, request: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.request = request

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        events = list(_events(context))
        for slip in (slip for event in events for slip in likely_slips(event)):
            self.log.warning("%s", slip)
        asked = training_request(self.spec, events) if events else self._of_parameters()
        return (asked or RunRequest()).to_xcom()

    def _of_parameters(self) -> RunRequest:
        given = {name: from_template(value) for name, value in self.request.items()}
        return build(RunRequest, {name: value for name, value in given.items() if value})


def _events(context: Context) -> Iterable[AssetEvent]:
    """The events that Airflow says started this run; an event is listed under its aliases as well."""
    by_asset = context["triggering_asset_events"]
    found = {id(event): event for asset in by_asset for event in by_asset[asset]}
    for event in found.values():
        yield AssetEvent(asset=event.asset.name, at=event.timestamp.isoformat(), extra=event.extra)

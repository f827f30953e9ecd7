"""read_event: what the asset events that started a run ask it for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.bases.skipmixin import SkipMixin
from airflow.sdk.bases.xcom import BaseXCom

from sluice.errors import SpecError
from sluice.fields.typed import build, plain
from sluice.operators.base import from_template
from sluice.operators.candidate import PipelineOperator
from sluice.runs import asset_names
from sluice.runs.request import (
    AssetEvent,
    RunRequest,
    found_again,
    is_of_training,
    likely_slips,
    training_request,
)
from sluice.runs.state_change import state_changes
from sluice.specs.measuring import Measuring
from sluice.specs.pipeline import Stage

if TYPE_CHECKING:
    from airflow.sdk import Context


class ReadEventOperator(PipelineOperator, SkipMixin):
    """Take what the run is to promote from the asset events that started it, or from its parameters when none did.

    Of several, the newest goes; a new artifact or version before a finding about the old one. When no event asks for
    anything, all other tasks are skipped. XCom: `{"model_data", "environment", "candidates", "model_package_arn",
    "measuring", "reason"}`: the first four as the parameters of a promotion, empty is not asked for; `measuring` is how
    a version is measured again, or None; `reason` says why, or why not. Raises SpecError for an event whose extra asks
    for what this pipeline cannot do.

    :param pipeline: the spec, or the same as plain data (templated)
    :param request: the run's parameters, `{"model_data", "environment", "candidates", "model_package_arn"}` (templated)
    """

    template_fields = aws_template_fields("pipeline", "request")
    template_fields_renderers: ClassVar[dict[str, str]] = {"pipeline": "json", "request": "json"}
    inherits_from_skipmixin = True

    def __init__(self, *, request: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.request = request

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        events = list(_events(context))
        if not events:
            return _result(self._of_parameters(), "by its parameters")
        for slip in (slip for event in events if is_of_training(self.spec, event) for slip in likely_slips(event)):
            self.log.warning("%s", slip)
        refusals: list[str] = []
        asked = self._of_new_versions(events, refusals) or self._of_findings(events, refusals)
        return asked or self._skip_run(context, "; ".join(dict.fromkeys(refusals)))

    def _of_parameters(self) -> RunRequest:
        given = {name: from_template(value) for name, value in self.request.items()}
        try:
            return build(RunRequest, {name: value for name, value in given.items() if value})
        except SpecError as error:
            raise error.under("params") from None

    def _of_new_versions(self, events: Sequence[AssetEvent], refusals: list[str]) -> dict[str, Any] | None:
        """The newest wish for what has been trained, registered or approved; what speaks against others is added."""
        trained = training_request(self.spec, events)
        for event in reversed(events):
            if is_of_training(self.spec, event):
                if trained is not None:
                    return _result(trained, "by the assets of its schedule")
                refusals.append(f"asset {event.asset} was updated, and not all that it goes together with")
            elif event.asset == asset_names.versions(self.spec.package.group, self.spec.pipeline):
                registered = self._of_registry(event, refusals)
                if registered is not None:
                    return registered
        return None

    def _of_registry(self, event: AssetEvent, refusals: list[str]) -> dict[str, Any] | None:
        live = self._live()
        serving = self.hook.find_package(live) if live else None
        for change in reversed(state_changes(event)):
            version = self.hook.find_package(change.package_arn)
            refusal = change.why_not(self.spec, version, serving)
            if refusal is None:
                return _result(RunRequest(model_package_arn=change.package_arn), "by a change in the registry")
            refusals.append(refusal)
        return None

    def _of_findings(self, events: Sequence[AssetEvent], refusals: list[str]) -> dict[str, Any] | None:
        for event in reversed(events):
            if event.asset != asset_names.findings(self.spec.package.group):
                continue
            found = found_again(event)
            refusal = found.why_not(self.spec, self._live())
            if refusal is None:
                wanted = RunRequest(model_package_arn=found.package_arn)
                return _result(wanted, f"found: {', '.join(found.findings)}", found.measuring)
            refusals.append(refusal)
        return None

    def _live(self) -> str | None:
        state = self.hook.find_endpoint(self.spec.fleet(Stage.PRODUCTION).endpoint)
        return self.hook.package_behind(state.config) if state and state.config else None

    def _skip_run(self, context: Context, reason: str) -> dict[str, Any]:
        reason = reason or "no event says what to promote"
        result = _result(RunRequest(), reason)
        self.log.info("nothing to promote: %s", reason)
        # Skipping tasks ends this one with an exception, and what it would return with it.
        context["ti"].xcom_push(key=BaseXCom.XCOM_RETURN_KEY, value=result)
        # Airflow skips teardowns by itself when their setups were skipped.
        later = [task for task in self.get_flat_relatives(upstream=False) if not task.is_teardown]
        self.skip(context["ti"], later)
        return result


def _result(request: RunRequest, reason: str, measuring: Measuring | None = None) -> dict[str, Any]:
    return {**request.to_xcom(), "measuring": plain(measuring), "reason": reason}


def _events(context: Context) -> Iterable[AssetEvent]:
    """The events that Airflow says started this run, oldest first; one is listed under its aliases as well."""
    by_asset = context["triggering_asset_events"]
    found = {id(event): event for asset in by_asset for event in by_asset[asset]}
    for event in sorted(found.values(), key=lambda each: each.timestamp):
        yield AssetEvent(asset=event.asset.name, at=event.timestamp.isoformat(), extra=event.extra)

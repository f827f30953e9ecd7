"""What a spec asks of this Airflow's installation: the provider packages with the notifiers of its channels."""

from __future__ import annotations

from importlib.util import find_spec

from sluice.errors import SpecError
from sluice.specs.pipeline import PipelineSpec

NOTIFIERS = {
    "slack": ("airflow.providers.slack.notifications", "apache-airflow-providers-slack"),
    "email": ("airflow.providers.smtp.notifications", "apache-airflow-providers-smtp"),
}
"""Channel -> module and package of its notifier. SNS's is in the provider that everything here needs."""
DEADLINES = "airflow.sdk.definitions.deadline"


def check_providers(spec: PipelineSpec) -> None:
    """SpecError for a channel whose notifier, or a deadline, is not to be had here. Nothing is imported."""
    if spec.deadline_minutes is not None and not _is_installed(DEADLINES):
        raise SpecError("deadline_minutes", "needs Airflow 3.1 or newer: leave it out, or run another Airflow")
    for position, channel in enumerate(spec.notify):
        for kind, (module, package) in NOTIFIERS.items():
            if getattr(channel, kind) is not None and not _is_installed(module):
                raise SpecError(f"notify[{position}].{kind}", f"needs {package}: install it where Airflow runs")


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it is missing as well
        return False

"""What Sluice adds to Airflow itself. The plugin loader runs this file alone; the rest is the package `sluice`."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin
from sluice.links import EndpointConsoleLink, EndpointLogsLink


class SluicePlugin(AirflowPlugin):
    """Links from tasks to the endpoints that they deployed."""

    name = "sluice"
    operator_extra_links = [EndpointConsoleLink(), EndpointLogsLink()]  # noqa: RUF012 - Airflow declares it as an instance's

"""What Sluice adds to Airflow itself. The plugin loader runs this file alone; the rest is the package `sluice`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from airflow.plugins_manager import AirflowPlugin
from sluice.links import ALL

Message = MutableMapping[str, Any]


class Page:
    """The page's app, made when it is first asked for: this file is run by workers and the scheduler too."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """One request, as ASGI has it."""
        if self._app is None:
            from sluice.ui.app import build_app

            self._app = build_app()
        await self._app(scope, receive, send)


class SluicePlugin(AirflowPlugin):
    """Links from tasks to what they made, and a tab on every run with what it came to."""

    name = "sluice"
    operator_extra_links = [*ALL]  # noqa: RUF012 - Airflow declares it as an instance's
    fastapi_apps = [{"app": Page(), "url_prefix": "/sluice", "name": "Sluice"}]  # noqa: RUF012 - the same
    external_views = [  # noqa: RUF012 - the same
        {
            "name": "Sluice",
            "href": "/sluice/run?dag_id={DAG_ID}&run_id={RUN_ID}",
            "destination": "dag_run",
            "url_route": "sluice",
        }
    ]

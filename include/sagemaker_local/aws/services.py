"""moto's applications, one a service, in some of which requests are answered by classes of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.utils import convert_to_flask_response
from moto.moto_server.werkzeug_app import create_backend_app

from include.sagemaker_local.aws.alarm_archive import AlarmArchive
from include.sagemaker_local.aws.cloudwatch import CloudWatch
from include.sagemaker_local.aws.cloudwatch_logs import Logs
from include.sagemaker_local.aws.images import Images
from include.sagemaker_local.aws.queue_requests import QueueRequests
from include.sagemaker_local.metrics.series import MetricSeries


def create_app_with(
    series: MetricSeries, alarms: AlarmArchive, runs: Callable[[str], bool] = lambda image: False
) -> Callable[[Any], Any]:
    """moto's `create_backend_app`; its CloudWatch knows `series` and keeps alarms, and its Logs can be tailed.

    `runs` says of an image's URI whether a container of it could start here: ECR then has it.
    """
    ours: dict[str, Callable[[], Any]] = {
        "cloudwatch": lambda: CloudWatch(series, alarms),
        "ecr": lambda: Images(runs),
        "logs": Logs,
        "sqs": QueueRequests,
    }

    def create_app(service: Any) -> Any:
        app = create_backend_app(service)
        if service in ours:
            view = convert_to_flask_response(_dispatch(ours[service]))
            app.view_functions = dict.fromkeys(app.view_functions, view)
        return app

    return create_app


def _dispatch(answering: Callable[[], Any]) -> Callable[[Any, str, Any], Any]:
    """What moto's classes do with a request: a new instance for each."""

    def dispatch(request: Any, full_url: str, headers: Any) -> Any:
        return answering()._dispatch(request, full_url, headers)

    return dispatch

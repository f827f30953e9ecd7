"""Links from a task to what it made in the AWS console. Nothing is linked when the connection leads elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.links.base_aws import BASE_AWS_CONSOLE_LINK, BaseAwsLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from sluice.hook import SluiceHook


class EndpointConsoleLink(BaseAwsLink):
    """The endpoint's page in the SageMaker console."""

    name = "Endpoint in the SageMaker console"
    key = "sluice_endpoint_link"
    format_str = BASE_AWS_CONSOLE_LINK + "/sagemaker/home?region={region_name}#/endpoints/{endpoint_name}"

    @classmethod
    def remember(cls, context: Context, operator: Any, hook: SluiceHook, endpoint: str) -> None:
        """Keep what the link needs, unless there is no console to link to."""
        if hook.speaks_to_aws:
            cls.persist(context, operator, hook.conn_region_name, hook.conn_partition, endpoint_name=endpoint)


class EndpointLogsLink(EndpointConsoleLink):
    """The containers' log streams of the endpoint in the CloudWatch console."""

    name = "Container logs in CloudWatch"
    key = "sluice_endpoint_logs_link"
    # The console wants slashes escaped twice, with $ for the second %.
    format_str = (
        BASE_AWS_CONSOLE_LINK + "/cloudwatch/home?region={region_name}#logsV2:log-groups/log-group/"
        "$252Faws$252Fsagemaker$252FEndpoints$252F{endpoint_name}"
    )

"""Links from a task to what it made: in the AWS console, or at the connection's other address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.links.base_aws import BASE_AWS_CONSOLE_LINK, BaseAwsLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from sluice.hook import SluiceHook


# The CloudWatch console wants names escaped twice, with $ for the second %, and what filters them escaped once, with $.
# AWS documents neither; ZenML (src/zenml/integrations/aws/orchestrators/sagemaker_orchestrator.py) links to SageMaker's
# logs by "/$252Faws$252Fsagemaker$252FProcessingJobs$3FlogStreamNameFilter$3D...", and Airflow's amazon provider
# (links/emr.py) filters streams in the same way.
LOG_GROUPS = BASE_AWS_CONSOLE_LINK + "/cloudwatch/home?region={region_name}#logsV2:log-groups/log-group/"
STREAMS_OF = "$3FlogStreamNameFilter$3D"


class ConsoleLink(BaseAwsLink):
    """A page of the console; `format_str` names what is remembered for it."""

    @classmethod
    def remember(cls, context: Context, operator: Any, hook: SluiceHook, **names: str) -> None:
        """Keep what the link needs, unless there is no console to link to."""
        if hook.service_url is None:
            cls.persist(context, operator, hook.conn_region_name, hook.conn_partition, **names)


class EndpointConsoleLink(ConsoleLink):
    """The endpoint's page in the SageMaker console."""

    name = "Endpoint in the SageMaker console"
    key = "sluice_endpoint_link"
    format_str = BASE_AWS_CONSOLE_LINK + "/sagemaker/home?region={region_name}#/endpoints/{endpoint_name}"


class EndpointLogsLink(ConsoleLink):
    """The containers' log streams of the endpoint in the CloudWatch console."""

    name = "Container logs in CloudWatch"
    key = "sluice_endpoint_logs_link"
    format_str = LOG_GROUPS + "$252Faws$252Fsagemaker$252FEndpoints$252F{endpoint_name}"


class JobLogsLink(ConsoleLink):
    """A recommendation job's log streams in the CloudWatch console.

    The job's own page has no link: neither AWS's guide nor public code that we searched has its address.
    """

    name = "Load test's log in CloudWatch"
    key = "sluice_job_logs_link"
    format_str = LOG_GROUPS + "$252Faws$252Fsagemaker$252FInferenceRecommendationsJobs" + STREAMS_OF + "{job_name}"


class TransformConsoleLink(ConsoleLink):
    """A transform job's page in the SageMaker console."""

    name = "Transform job in the SageMaker console"
    key = "sluice_transform_link"
    format_str = BASE_AWS_CONSOLE_LINK + "/sagemaker/home?region={region_name}#/transform-jobs/{job_name}"


class TransformLogsLink(ConsoleLink):
    """A transform job's log streams in the CloudWatch console."""

    name = "Transform job's log in CloudWatch"
    key = "sluice_transform_logs_link"
    format_str = LOG_GROUPS + "$252Faws$252Fsagemaker$252FTransformJobs" + STREAMS_OF + "{job_name}"


class ServiceLink(BaseAwsLink):
    """What answers instead of AWS, such as the local SageMaker: the connection's `endpoint_url`."""

    name = "SageMaker at the connection's endpoint_url"
    key = "sluice_service_link"
    format_str = "{service_url}"

    @classmethod
    def remember(cls, context: Context, operator: Any, hook: SluiceHook, **names: str) -> None:
        """Keep the address, unless it is AWS's own."""
        if hook.service_url is not None and operator.do_xcom_push:
            context["ti"].xcom_push(key=cls.key, value={"service_url": hook.service_url})


OF_ENDPOINT = (EndpointConsoleLink(), EndpointLogsLink(), ServiceLink())
OF_JOB = (JobLogsLink(), ServiceLink())
OF_TRANSFORM = (TransformConsoleLink(), TransformLogsLink(), ServiceLink())
ALL = (*OF_ENDPOINT, *OF_JOB[:-1], *OF_TRANSFORM[:-1])
"""Links of operators on endpoints, recommendation jobs and transform jobs; and each kind once, for the plugin."""


def keep_links(context: Context, operator: Any, hook: SluiceHook, **names: str) -> None:
    """Keep what the operator's own links need: `endpoint_name` or `job_name`."""
    for link in operator.operator_extra_links:
        link.remember(context, operator, hook, **names)

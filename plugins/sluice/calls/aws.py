"""boto3 behind one Airflow connection: clients of all services alike, and refusals as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from botocore.config import Config

from sluice.refusals.errors import ServiceRefused
from sluice.refusals.meaning import refusals_as_ours, resource_in, says_already_there, says_not_there

Request = Mapping[str, Any]


class AwsCalls(AwsBaseHook):
    """The calls themselves; what they are about is the subclass's business.

    :param aws_conn_id: Airflow connection. `endpoint_url` in its extra, or `service_config.<service>.endpoint_url`,
        sends the calls elsewhere than to AWS; nothing else does.
    :param region_name: AWS region; the connection's own when None.
    :param verify: whether to check TLS certificates, or the path to a CA bundle.
    :param config: botocore configuration, as an object or a dict of its keywords.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["client_type"] = "sagemaker"
        super().__init__(*args, **kwargs)
        self._clients: dict[str, Any] = {}

    @property
    def service_url(self) -> str | None:
        """The address that the connection names for SageMaker; None for AWS's own."""
        url: str | None = self.conn_config.get_service_endpoint_url("sagemaker")
        return url

    @property
    def _sagemaker(self) -> Any:
        return self.conn

    def _call(
        self, operation: str, request: Request, client: Any = None, resource: str | None = None
    ) -> dict[str, Any]:
        with refusals_as_ours(operation, resource or resource_in(request)):
            answer: dict[str, Any] = getattr(client or self._sagemaker, operation)(**request)
        return answer

    def _create(self, operation: str, request: Request) -> dict[str, Any] | None:
        """The answer, or None when what should be created is there already."""
        try:
            return self._call(operation, request)
        except ServiceRefused as refusal:
            if says_already_there(refusal):
                self.log.info("%s: it is there already and is used as it is", refusal.resource)
                return None
            raise

    def _find(
        self, operation: str, request: Request, client: Any = None, resource: str | None = None
    ) -> dict[str, Any] | None:
        """The answer, or None when what is asked for is not there."""
        try:
            return self._call(operation, request, client, resource)
        except ServiceRefused as refusal:
            if says_not_there(refusal):
                return None
            raise

    def _client_of(self, service: str, config: Config | None = None) -> Any:
        """A client of another service than SageMaker, with the same connection, region, TLS and botocore settings."""
        if service not in self._clients:
            wanted = self.config.merge(config) if config else self.config
            endpoint_url = self.conn_config.get_service_endpoint_url(service)
            if service == "s3" and endpoint_url and not getattr(wanted, "s3", None):
                # `bucket.my-host` does not resolve for an address that is not AWS's.
                wanted = wanted.merge(Config(s3={"addressing_style": "path"}))
            session: Any = self.get_session(region_name=self.region_name)
            self._clients[service] = session.client(
                service, endpoint_url=endpoint_url, config=self._get_config(wanted), verify=self.verify
            )
        return self._clients[service]

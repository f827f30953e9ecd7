"""What there is in SageMaker and what uses what: paginated Lists, and a Describe for what they do not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sluice.account.housekeeping import Kind, Thing, Uses, configs_of, models_in
from sluice.calls.aws import AwsCalls
from sluice.naming import DIGEST_CHARS
from sluice.refusals.meaning import refusals_as_ours

LISTS = {
    Kind.ENDPOINT: ("list_endpoints", "Endpoints", "Endpoint"),
    Kind.CONFIG: ("list_endpoint_configs", "EndpointConfigs", "EndpointConfig"),
    Kind.MODEL: ("list_models", "Models", "Model"),
}
DELETES = {
    Kind.ENDPOINT: ("delete_endpoint", "EndpointName"),
    Kind.CONFIG: ("delete_endpoint_config", "EndpointConfigName"),
    Kind.MODEL: ("delete_model", "ModelName"),
}
FROM_CONTENT = re.compile(rf"-[0-9a-f]{{{DIGEST_CHARS}}}$")
"""How the names end that are made from content: of those alone, and of endpoints, the tags are asked for."""


class InventoryCalls(AwsCalls):
    """The account's endpoints, endpoint configs and models."""

    def list_things(self, kind: Kind) -> Iterator[Thing]:
        """All of a kind whose names Sluice could have made, with their tags; no endpoint that is going already."""
        operation, listed, prefix = LISTS[kind]
        for each in self._pages(operation, listed, {}):
            if each.get("EndpointStatus") == "Deleting":
                continue
            name, arn = str(each[f"{prefix}Name"]), str(each[f"{prefix}Arn"])
            if kind is Kind.ENDPOINT or FROM_CONTENT.search(name):
                touched = each.get("LastModifiedTime") or each["CreationTime"]
                yield Thing(kind=kind, name=name, arn=arn, touched=touched, tags=self._tags(arn))

    def find_uses(self, things: list[Thing]) -> Uses:
        """What uses what among `things`. Every endpoint of the account counts, whoever has made it."""
        configs = [each.name for each in things if each.kind is Kind.CONFIG and each.pipeline is not None]
        live = {config for name in self._names(Kind.ENDPOINT) for config in self._configs_of(name)}
        models_of = {config: self._models_of(config) for config in {*configs, *live}}
        models = {model for config in live for model in models_of[config]}
        own = [each.name for each in things if each.kind is Kind.MODEL and each.pipeline is not None]
        return Uses(
            endpoints=frozenset(self._loaded_endpoints()),
            configs=frozenset(live),
            models=frozenset(models),
            approved_models=frozenset(name for name in own if self._is_approved(name)),
            models_of=models_of,
        )

    def delete_thing(self, thing: Thing) -> bool:
        """Delete it; False when it is gone already."""
        operation, member = DELETES[thing.kind]
        return self._find(operation, {member: thing.name}) is not None

    def _names(self, kind: Kind) -> Iterator[str]:
        operation, listed, prefix = LISTS[kind]
        return (str(each[f"{prefix}Name"]) for each in self._pages(operation, listed, {}))

    def _configs_of(self, endpoint: str) -> tuple[str, ...]:
        return configs_of(self._find("describe_endpoint", {"EndpointName": endpoint}) or {})

    def _models_of(self, config: str) -> tuple[str, ...]:
        return models_in(self._find("describe_endpoint_config", {"EndpointConfigName": config}) or {})

    def _is_approved(self, model: str) -> bool:
        described = self._find("describe_model", {"ModelName": model}) or {}
        containers = described.get("Containers") or [described.get("PrimaryContainer") or {}]
        arns = {each["ModelPackageName"] for each in containers if "ModelPackageName" in each}
        packages = (self._find("describe_model_package", {"ModelPackageName": arn}) or {} for arn in arns)
        return any(package.get("ModelApprovalStatus") == "Approved" for package in packages)

    def _loaded_endpoints(self) -> Iterator[str]:
        for status in ("PENDING", "IN_PROGRESS"):
            operation = "list_inference_recommendations_jobs"
            for each in self._pages(operation, "InferenceRecommendationsJobs", {"StatusEquals": status}):
                job = self._find("describe_inference_recommendations_job", {"JobName": each["JobName"]}) or {}
                for endpoint in (job.get("InputConfig") or {}).get("Endpoints") or ():
                    yield str(endpoint["EndpointName"])

    def _tags(self, arn: str) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self._pages("list_tags", "Tags", {"ResourceArn": arn})}

    def _pages(self, operation: str, listed: str, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        with refusals_as_ours(operation, request.get("ResourceArn")):
            for page in self._sagemaker.get_paginator(operation).paginate(**request):
                yield from page[listed]

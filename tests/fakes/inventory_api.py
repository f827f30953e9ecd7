"""Lists, tags and deletions of the fake AWS. Everything was made on `FakeInventory.made` unless a test says else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

LISTED = {
    "list_endpoints": ("endpoints", "Endpoints", "Endpoint"),
    "list_endpoint_configs": ("configs", "EndpointConfigs", "EndpointConfig"),
    "list_models": ("models", "Models", "Model"),
}


class FakeInventory:
    """One item a page, so that paging is exercised."""

    endpoints: dict[str, Json]
    configs: dict[str, Json]
    models: dict[str, Json]
    jobs: dict[str, Json]
    calls: list[str]

    def __init__(self) -> None:
        self.made = datetime(2025, 1, 1, tzinfo=UTC)
        self.touched: dict[str, datetime] = {}
        """Name -> when it was made or changed last."""

    def inventory(self, operation: str, request: Json) -> Iterator[Json]:
        if operation == "list_tags":
            kind, _, name = request["ResourceArn"].rpartition(":")[2].partition("/")
            kept = getattr(self, LISTED[f"list_{kind}s"][0])
            yield {"Tags": kept[name].get("Tags", [])}
        elif operation == "list_inference_recommendations_jobs":
            for name, job in self.jobs.items():
                if job["Status"] == request["StatusEquals"]:
                    yield {"InferenceRecommendationsJobs": [{"JobName": name}]}
        else:
            attribute, listed, prefix = LISTED[operation]
            kind = operation.removeprefix("list_").removesuffix("s")
            for name in list(getattr(self, attribute)):
                arn = f"arn:aws:sagemaker:us-east-1:123456789012:{kind}/{name}"
                at = self.touched.get(name, self.made)
                told = {f"{prefix}Name": name, f"{prefix}Arn": arn, "CreationTime": at}
                if kind == "endpoint":
                    told["EndpointStatus"] = self.endpoints[name]["EndpointStatus"]
                yield {listed: [told]}

    def delete_endpoint_config(self, EndpointConfigName: str) -> Json:
        self.calls.append("delete_endpoint_config")
        del self.configs[EndpointConfigName]
        return {}

    def delete_model(self, ModelName: str) -> Json:
        self.calls.append("delete_model")
        del self.models[ModelName]
        return {}

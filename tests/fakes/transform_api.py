"""Transform jobs of the fake AWS: they answer each line with a line when `settle_transforms` lets them end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

Json = dict[str, Any]


class FakeTransforms:
    """The three calls, and S3's listing. The rest of S3 is FakeAws's."""

    objects: dict[str, bytes]
    calls: list[str]

    def __init__(self) -> None:
        self.transforms: dict[str, Json] = {}
        self.transform_endings: list[Json] = []
        """What the next jobs come to, one each; Completed with all results when there is none."""
        self.spoiled_results: dict[str, bytes | None] = {}
        """End of an object's key -> what its result is instead; None for no result."""

    def create_transform_job(self, **request: Any) -> Json:
        name = request["TransformJobName"]
        if name in self.transforms:
            raise ClientError({"Error": {"Code": "ResourceInUse", "Message": f"{name} is there"}}, "CreateTransformJob")
        self.calls.append("create_transform_job")
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:transform-job/{name}"
        self.transforms[name] = {**request, "TransformJobArn": arn, "TransformJobStatus": "InProgress"}
        return {"TransformJobArn": arn}

    def describe_transform_job(self, TransformJobName: str) -> Json:
        if TransformJobName not in self.transforms:
            error = {
                "Code": "ValidationException",
                "Message": f"Could not find requested job with name: {TransformJobName}",
            }
            raise ClientError({"Error": error}, "DescribeTransformJob")
        return self.transforms[TransformJobName]

    def stop_transform_job(self, TransformJobName: str) -> Json:
        self.calls.append("stop_transform_job")
        self.transforms[TransformJobName]["TransformJobStatus"] = "Stopping"
        return {}

    def settle_transforms(self) -> None:
        for job in self.transforms.values():
            if job["TransformJobStatus"] == "InProgress":
                ending = (
                    self.transform_endings.pop(0) if self.transform_endings else {"TransformJobStatus": "Completed"}
                )
                job.update(ending)
                if ending["TransformJobStatus"] == "Completed":
                    self._write_results(job)
            elif job["TransformJobStatus"] == "Stopping":
                job["TransformJobStatus"] = "Stopped"

    def _write_results(self, job: Json) -> None:
        uri = job["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        folder = uri[: uri.rfind("/") + 1]
        for each, body in list(self.objects.items()):
            if each.startswith(uri) and not each.endswith("/"):
                spoiled = [result for end, result in self.spoiled_results.items() if each.endswith(end)]
                result = spoiled[0] if spoiled else body
                if result is not None:
                    self.objects[f"{job['TransformOutput']['S3OutputPath']}{each.removeprefix(folder)}.out"] = result

    def list_objects_v2(self, Bucket: str, Prefix: str) -> Iterator[Json]:
        for uri in sorted(self.objects):
            key = uri.removeprefix(f"s3://{Bucket}/")
            if key != uri and key.startswith(Prefix):
                body = self.objects[uri]
                yield {"Contents": [{"Key": key, "ETag": hashlib.sha256(body).hexdigest(), "Size": len(body)}]}

"""moto's ECR, which also has every image of which a container could be started here, in whatever registry it is said to
lie: AWS's own registries are not on this machine, and the process runtime needs no image at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.ecr.responses import ECRResponse


class Images(ECRResponse):
    """One request. moto calls the method that is called like the operation."""

    def __init__(self, runs: Callable[[str], bool]) -> None:
        super().__init__()
        self._runs = runs

    def batch_get_image(self) -> ActionResult:
        """Images that could be started, as AWS answers but without manifests; for all others what moto says."""
        repository, registry = self._get_param("repositoryName"), self._get_param("registryId") or self.current_account
        wanted: list[Mapping[str, str]] = self._get_param("imageIds") or []
        here = [image_id for image_id in wanted if self._runs(self._uri(registry, repository, image_id))]
        if not here:
            answer: ActionResult = super().batch_get_image()
            return answer
        rest = [image_id for image_id in wanted if image_id not in here]
        found = [{"registryId": registry, "repositoryName": repository, "imageId": image_id} for image_id in here]
        return ActionResult({"images": found, "failures": [_missing(image_id) for image_id in rest]})

    def _uri(self, registry: str, repository: str, image_id: Mapping[str, str]) -> str:
        name = f"{registry}.dkr.ecr.{self.region}.amazonaws.com/{repository}"
        return f"{name}@{image_id['imageDigest']}" if "imageDigest" in image_id else f"{name}:{image_id['imageTag']}"


def _missing(image_id: Mapping[str, str]) -> dict[str, Any]:
    return {"imageId": image_id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"}

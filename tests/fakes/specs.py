"""A valid spec as YAML would give it, to be varied by tests; and the digests that its artifacts would have."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

from sluice.fields.typed import build
from sluice.specs.pipeline import PipelineSpec

_BASE: dict[str, Any] = {
    "pipeline": "iris",
    "schedule": "@weekly",
    "aws": {"role": "arn:aws:iam::123456789012:role/sluice"},
    "package": {
        "group": "iris-group",
        "domain": "MACHINE_LEARNING",
        "task": "CLASSIFICATION",
        "framework": "SAGEMAKER-SCIKIT-LEARN",
        "framework_version": "1.4-2",
        "sample_payload": "s3://models/iris/payload.tar.gz",
        "content_types": ["text/csv"],
        "response_types": ["application/json"],
    },
    "containers": [
        {
            "hostname": "featurize",
            "image": "1.dkr.ecr.us-east-1.amazonaws.com/sklearn:1",
            "model_data": "s3://models/iris/featurize/model.tar.gz",
            "environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        },
        {
            "hostname": "predict",
            "image": "1.dkr.ecr.us-east-1.amazonaws.com/xgboost:1",
            "model_data": "s3://models/iris/predict/model.tar.gz",
            "framework": "XGBOOST",
            "framework_version": "1.7-1",
        },
    ],
    "staging": {"endpoint": "iris-staging", "instance_type": "ml.c5.large"},
    "benchmark": {"instance_types": ["ml.c5.large", "ml.c5.xlarge"]},
    "gate": {"rules": [{"metric": "model_latency_ms", "max": 120}, {"metric": "cost_per_million_usd", "max": 25}]},
    "production": {"endpoint": "iris"},
    "evidence": {"prefix": "s3://models/evidence"},
}


def spec_document(**changes: Any) -> dict[str, Any]:
    """The plain document. A change is named by its path with `__` between keys; DROP as a value takes the key away.

    `spec_document(containers__0__hostname="x")`
    """
    document = copy.deepcopy(_BASE)
    for path, value in changes.items():
        *parents, last = [int(part) if part.isdigit() else part for part in path.split("__")]
        target: Any = document
        for part in parents:
            target = target[part]
        if value is DROP:
            del target[last]
        else:
            target[last] = value
    return document


DROP = object()


def a_spec(**changes: Any) -> PipelineSpec:
    """The spec that `spec_document` describes."""
    return build(PipelineSpec, spec_document(**changes))


def digests_of(spec: PipelineSpec) -> dict[str, str]:
    """A digest for each artifact of the spec, different for different URIs."""
    return {uri: hashlib.sha256(uri.encode()).hexdigest() for uri in spec.artifact_uris}

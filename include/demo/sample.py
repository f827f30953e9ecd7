"""Put the sample pipeline where its spec says that it is: artifacts and sample payload in the local S3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from sluice.specs.pipeline import PipelineSpec

from include.demo.airflow_home import REGION
from include.examples.breast_cancer.train import SamplePipeline

SLOW_PREDICT = "predict-slow"
ANYBODY = "local"  # on loopback any well-signed request is accepted, whoever signed it


@dataclass(frozen=True, slots=True)
class Account:
    """The local SageMaker, as boto3 sees it."""

    url: str
    access_key: str = ANYBODY
    secret: str = field(default=ANYBODY, repr=False)

    def client(self, service: str) -> Any:
        """A client as anybody would make it, but for its endpoint URL; without retries, which would hide faults."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=70),
        )


def upload(account: Account, spec: PipelineSpec, sample: SamplePipeline) -> None:
    """Writes every object that the spec names, and the slow candidate's artifact beside that of *predict*."""
    s3 = account.client("s3")
    for uri, path in _objects(spec, sample).items():
        bucket, key = urlsplit(uri).netloc, urlsplit(uri).path.lstrip("/")
        s3.create_bucket(Bucket=bucket)
        s3.upload_file(str(path), bucket, key)


def slow_candidate(spec: PipelineSpec) -> dict[str, Mapping[str, Any]]:
    """DAG run parameters that put the slow container in place of *predict*."""
    return {
        "model_data": {"predict": slow_predict_uri(spec)},
        "environment": {
            "predict": {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": "text/csv"}
        },
    }


def slow_predict_uri(spec: PipelineSpec) -> str:
    """Where the slow candidate's artifact lies: beside that of *predict*."""
    return _model_data(spec)["predict"].replace("/predict/", f"/{SLOW_PREDICT}/")


def _objects(spec: PipelineSpec, sample: SamplePipeline) -> dict[str, Path]:
    models = _model_data(spec)
    return {
        models["featurize"]: sample.featurize,
        models["predict"]: sample.predict,
        models["label"]: sample.label,
        slow_predict_uri(spec): sample.predict_slow,
        spec.package.sample_payload: sample.payload,
    }


def _model_data(spec: PipelineSpec) -> dict[str, str]:
    return {c.hostname: c.model_data for c in spec.containers if c.hostname and c.model_data}

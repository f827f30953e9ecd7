"""Deploy one of the notebook pipelines and ask it about a row: `python -m include.examples.abalone.deploy --in DIR`.

DIR is what train.py has written. On AWS the same calls need a role of yours and AWS's registries.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import boto3

from include.examples.abalone.abalone import COLUMNS
from include.examples.abalone.train import LINEAR_LEARNER_IMAGE, SKLEARN_IMAGE, SPARKML_IMAGE, XGBOOST_IMAGE

BUCKET = "abalone"
_ROLE = "arn:aws:iam::123456789012:role/abalone"
_REGISTRY, _ALGORITHMS = "683313688378.dkr.ecr.us-east-1.amazonaws.com", "382416733822.dkr.ecr.us-east-1.amazonaws.com"
# The columns that a row of CSV fills, and the one that the next container gets. Their names are fit_spark.py's.
SPARK_SCHEMA = {
    "input": [
        {"name": "sex", "type": "string"},
        *({"name": f"measurement_{n}", "type": "double"} for n in range(1, len(COLUMNS))),
    ],
    "output": {"name": "features", "type": "double", "struct": "vector"},
}


class Aws:
    """boto3 on a local SageMaker."""

    def __init__(self, url: str) -> None:
        self._url = url

    def client(self, service: str) -> Any:
        """A client of `service`."""
        return boto3.client(
            service,
            endpoint_url=self._url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - whose key it is does not matter there
        )


def containers(aws: Aws, archives: Path) -> list[dict[str, Any]]:
    """Upload the archives below `archives` and describe their containers; the directory's name says which they are."""
    s3, name = aws.client("s3"), archives.name
    s3.create_bucket(Bucket=BUCKET)
    for archive in ("first.tar.gz", "second.tar.gz"):
        s3.put_object(Bucket=BUCKET, Key=f"{name}/{archive}", Body=(archives / archive).read_bytes())
    first, second = (
        {"ModelDataUrl": f"s3://{BUCKET}/{name}/{archive}"} for archive in ("first.tar.gz", "second.tar.gz")
    )
    if name == "spark":
        schema = {"SAGEMAKER_SPARKML_SCHEMA": json.dumps(SPARK_SCHEMA)}
        return [
            {**first, "Image": f"{_REGISTRY}/{SPARKML_IMAGE}", "Environment": schema},
            {**second, "Image": f"{_REGISTRY}/{XGBOOST_IMAGE}"},
        ]
    program = {"SAGEMAKER_PROGRAM": "inference.py"}
    return [
        {**first, "Image": f"{_REGISTRY}/{SKLEARN_IMAGE}", "Environment": program},
        {**second, "Image": f"{_ALGORITHMS}/{LINEAR_LEARNER_IMAGE}"},
    ]


def deploy(aws: Aws, archives: Path) -> str:
    """Make model, endpoint config and endpoint, and wait for it. Returns the name that all three have."""
    sagemaker, name = aws.client("sagemaker"), f"abalone-{archives.name}"
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=_ROLE, Containers=containers(aws, archives))
    variant = {"VariantName": "AllTraffic", "ModelName": name, "InstanceType": "ml.c5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 600})
    return name


def ask(aws: Aws, endpoint: str, row: str) -> str:
    """What the pipeline says about a CSV row."""
    runtime = aws.client("sagemaker-runtime")
    answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body=row)
    return str(answer["Body"].read().decode())


def main() -> None:
    """Deploy what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m include.examples.abalone.deploy", description=__doc__)
    parser.add_argument("--in", dest="archives", required=True, type=Path, help="`linear` or `spark` below --out")
    parser.add_argument("--url", default="http://127.0.0.1:4566", help="the local SageMaker")
    arguments = parser.parse_args()
    aws = Aws(arguments.url)
    endpoint = deploy(aws, arguments.archives)
    row = (arguments.archives / "held-out.csv").read_text().splitlines()[0]
    print(f"{endpoint} is InService; {row} -> {ask(aws, endpoint, row)}")  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()

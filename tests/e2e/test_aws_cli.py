"""The AWS CLI, unmodified: make a pipeline, wait for it, ask it, find it, read its log, delete it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from include.examples.breast_cancer.train import build
from tests.e2e.conftest import BUCKET, Aws
from tests.e2e.test_stock_operators import CONTAINERS, ROLE

pytestmark = pytest.mark.slow

EACH_SECOND = {"Delay": 1, "MaxAttempts": 120}


class Cli:
    """The `aws` beside this Python. A service's name without `sagemaker` is SageMaker's control plane."""

    def __init__(self, url: str, folder: Path) -> None:
        self._command = [str(Path(sys.executable).with_name("aws"))]
        self._folder = folder
        self._environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def run(self, service: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, service, *arguments, "--output", "json"],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def ask(self, service: str, *arguments: str) -> Any:
        """The answer. The command must succeed."""
        done = self.run(service, *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.fixture
def cli(aws: Aws, tmp_path: Path) -> Cli:
    return Cli(aws.url, tmp_path)


def test_a_pipeline_from_creation_to_deletion(
    aws: Aws, cli: Cli, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tag = "Key=owner,Value=risk"
    model = ["--model-name", "cli", "--execution-role-arn", ROLE, "--containers", json.dumps(CONTAINERS)]
    made = cli.ask("sagemaker", "create-model", *model, "--tags", tag)
    assert cli.ask("sagemaker", "list-tags", "--resource-arn", made["ModelArn"])["Tags"] == [
        {"Key": "owner", "Value": "risk"}
    ]
    variant = "VariantName=AllTraffic,ModelName=cli,InstanceType=ml.c5.large,InitialInstanceCount=1"
    cli.ask("sagemaker", "create-endpoint-config", "--endpoint-config-name", "cli", "--production-variants", variant)
    cli.ask("sagemaker", "create-endpoint", "--endpoint-name", "cli", "--endpoint-config-name", "cli", "--tags", tag)

    # `aws ... wait` asks every 30 s: it is called when its first look finds what it waits for.
    client = aws.client("sagemaker")
    client.get_waiter("endpoint_in_service").wait(EndpointName="cli", WaiterConfig=EACH_SECOND)
    cli.ask("sagemaker", "wait", "endpoint-in-service", "--endpoint-name", "cli")

    sample = build(tmp_path_factory.mktemp("cli"))
    (tmp_path / "row.csv").write_bytes(sample.holdout.read_bytes())
    asked = ["--endpoint-name", "cli", "--content-type", "text/csv", "--accept", "application/json"]
    answer = cli.ask("sagemaker-runtime", "invoke-endpoint", *asked, "--body", "fileb://row.csv", "answer.json")
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    expected = json.loads(sample.holdout_class.read_text())["label"]
    assert json.loads((tmp_path / "answer.json").read_text())["label"] == expected

    owned = {"Filters": [{"Name": "Tags.owner", "Operator": "Equals", "Value": "risk"}]}
    found = cli.ask("sagemaker", "search", "--resource", "Endpoint", "--search-expression", json.dumps(owned))
    assert [result["Endpoint"]["EndpointName"] for result in found["Results"]] == ["cli"]
    listed = cli.ask("sagemaker", "list-endpoints", "--name-contains", "cli", "--status-equals", "InService")
    assert [endpoint["EndpointName"] for endpoint in listed["Endpoints"]] == ["cli"]
    events = cli.ask("logs", "filter-log-events", "--log-group-name", "/aws/sagemaker/Endpoints/cli")["events"]
    assert {event["logStreamName"].rpartition("/")[2] for event in events} == {"featurize", "predict", "label"}

    cli.ask("sagemaker", "delete-endpoint", "--endpoint-name", "cli")
    client.get_waiter("endpoint_deleted").wait(EndpointName="cli", WaiterConfig=EACH_SECOND)
    cli.ask("sagemaker", "wait", "endpoint-deleted", "--endpoint-name", "cli")
    cli.ask("sagemaker", "delete-endpoint-config", "--endpoint-config-name", "cli")
    cli.ask("sagemaker", "delete-model", "--model-name", "cli")
    absent = cli.run("sagemaker", "describe-endpoint", "--endpoint-name", "cli")
    arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/cli"
    assert absent.returncode != 0
    assert f'(ValidationException) when calling the DescribeEndpoint operation: Could not find endpoint "{arn}".' in (
        absent.stderr
    )


def test_a_package_from_registration_to_approval(cli: Cli) -> None:
    cli.ask("sagemaker", "create-model-package-group", "--model-package-group-name", "cli")
    specification = {
        "Containers": [{"Image": "repo/image:1", "ModelDataUrl": f"s3://{BUCKET}/label/model.tar.gz"}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    made = cli.ask(
        "sagemaker",
        "create-model-package",
        "--model-package-group-name",
        "cli",
        "--inference-specification",
        json.dumps(specification),
    )
    arn = made["ModelPackageArn"]
    cli.ask("sagemaker", "update-model-package", "--model-package-arn", arn, "--model-approval-status", "Approved")
    listed = cli.ask(
        "sagemaker", "list-model-packages", "--model-package-group-name", "cli", "--model-approval-status", "Approved"
    )
    assert [package["ModelPackageArn"] for package in listed["ModelPackageSummaryList"]] == [arn]

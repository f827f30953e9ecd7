"""A control plane on a real store, with S3 in a dict and a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.sagemaker_local.autoscaling import Autoscaler, ScalingRules
from include.sagemaker_local.control.call import Services
from include.sagemaker_local.control.plane import ControlPlane
from include.sagemaker_local.deployment import Container, Deployment
from include.sagemaker_local.faults import FaultTable
from include.sagemaker_local.lifecycle import EndpointEvent
from include.sagemaker_local.metrics.series import MetricSeries
from include.sagemaker_local.settings import Settings
from include.sagemaker_local.store import Store
from tests.fakes.alarms import DictAlarms
from tests.fakes.archives import tar_gz
from tests.fakes.clock import ManualClock
from tests.fakes.in_process import sagemaker_client, service_client
from tests.fakes.objects import DictObjects
from tests.fakes.scaling_alarms import DictScalingAlarms
from tests.fakes.transforms import accepted

ACCOUNT = "123456789012"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sluice"


class Rig:
    """Everything a test of the control plane touches, and short ways to what it needs first."""

    def __init__(self, path: Path) -> None:
        self.clock = ManualClock()
        self.store = Store(path, self.clock)
        self.objects = DictObjects({"s3://models/a.tar.gz": tar_gz(), "s3://models/b.tar.gz": tar_gz()})
        self.endpoint_wakes = 0
        self.job_wakes = 0
        self.alarms = DictAlarms()
        self.series, self.scaling_alarms = MetricSeries(), DictScalingAlarms()
        self.autoscaler = Autoscaler(
            self.store, self.series, self.scaling_alarms, self.clock, self._wake_endpoints, ScalingRules(60.0, 1.0, 20)
        )
        self.faults = FaultTable()
        services = Services(
            self.store,
            self.objects,
            self.clock,
            ACCOUNT,
            self._wake_endpoints,
            self._wake_jobs,
            self.alarms,
            self.autoscaler,
            Settings(data_dir=path.parent).max_instances,
        )
        self.plane = ControlPlane(services, self.faults)
        self.client = sagemaker_client(self.plane.handle)
        self.scaling = service_client("application-autoscaling", self.plane.handle)

    def _wake_endpoints(self) -> None:
        self.endpoint_wakes += 1

    def _wake_jobs(self) -> None:
        self.job_wakes += 1

    def model(self, name: str = "pipeline", **overrides: Any) -> None:
        request = {
            "ModelName": name,
            "ExecutionRoleArn": ROLE,
            "Containers": [
                {"Image": IMAGE, "ModelDataUrl": "s3://models/a.tar.gz", "Environment": {"STAGE": "1"}},
                {"Image": IMAGE, "ModelDataUrl": "s3://models/b.tar.gz"},
            ],
        }
        self.client.create_model(**{**request, **overrides})

    def containers(self, name: str = "pipeline") -> tuple[Container, ...]:
        """A model's containers, as the store has them."""
        record = self.store.model("us-east-1", name)
        assert record is not None
        return record.containers

    def config(self, name: str = "config-1", model: str = "pipeline", **overrides: Any) -> None:
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": model,
            "InstanceType": "ml.c5.large",
            "InitialInstanceCount": 1,
        }
        self.client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{**variant, **overrides}])

    def endpoint(self, name: str = "staging", config: str = "config-1") -> None:
        """An endpoint in Creating, with its configuration and its model."""
        if self.store.model("us-east-1", "pipeline") is None:
            self.model()
        if self.store.endpoint_config("us-east-1", config) is None:
            self.config(config)
        self.client.create_endpoint(EndpointName=name, EndpointConfigName=config)

    def deployed(self, name: str = "staging") -> Deployment:
        """Do what the supervisor does when the wanted fleet serves."""
        record = self.store.endpoint("us-east-1", name)
        assert record is not None
        assert record.wanted is not None
        self.store.move_endpoint("us-east-1", name, EndpointEvent.DEPLOYED, live=record.wanted, wanted=None)
        return record.wanted

    def transform(self, name: str = "job", **members: Any) -> str:
        """A transform job of the model `pipeline` on one CSV file, both of which are made when they are not there."""
        if self.store.model("us-east-1", "pipeline") is None:
            self.model()
        self.objects.objects.setdefault("s3://in/data/a.csv", b"1,2\n")
        request = {**accepted(TransformJobName=name), **members}
        return str(self.client.create_transform_job(**request)["TransformJobArn"])

    def package(self, group: str = "fraud", **overrides: Any) -> str:
        """A package version that a recommendation job accepts; its group is made when it is not there."""
        if self.store.model_package_group("us-east-1", group) is None:
            self.client.create_model_package_group(ModelPackageGroupName=group)
        request = {
            "ModelPackageGroupName": group,
            "Domain": "MACHINE_LEARNING",
            "Task": "CLASSIFICATION",
            "SamplePayloadUrl": "s3://models/payload.tar.gz",
            "InferenceSpecification": {
                "Containers": [
                    {"Image": IMAGE, "ModelDataUrl": "s3://models/a.tar.gz", "Framework": "SAGEMAKER-SCIKIT-LEARN"},
                    {"Image": IMAGE, "ModelDataUrl": "s3://models/b.tar.gz"},
                ],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        }
        given = {name: value for name, value in {**request, **overrides}.items() if value is not None}
        return str(self.client.create_model_package(**given)["ModelPackageArn"])


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path / "sagemaker.db")
    yield made
    made.store.close()


@pytest.fixture
def refused() -> Callable[..., tuple[str, str]]:
    """Calls an operation that must be refused, and returns the refusal's code and message."""

    def call(operation: Callable[..., Any], **request: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            operation(**request)
        error = caught.value.response["Error"]
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return error["Code"], error["Message"]

    return call

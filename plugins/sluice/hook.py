"""What Sluice asks of AWS: SageMaker, its runtime, S3, CloudWatch and its logs, Application Auto Scaling, IAM, ECR.

Methods speak in Sluice's nouns. Requests come from `requests/` and answers go through `responses/`; a refusal of
AWS leaves here as `ServiceRefused` with AWS's code, or as None or False where "is there already" and "is not there" are
answers and no errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from sluice.calls.aws import Request
from sluice.calls.inventory import InventoryCalls
from sluice.calls.prerequisites import PrerequisiteCalls
from sluice.calls.s3 import S3Calls
from sluice.refusals.meaning import refusals_as_ours
from sluice.responses import job as job_responses
from sluice.responses import resources as resource_responses
from sluice.responses.job import Scaling
from sluice.responses.log_tail import LogStream, lines_each, newest_per_container
from sluice.responses.resources import AlarmState, EndpointState, PackageState
from sluice.specs.adopted_package import AdoptedPackage
from sluice.specs.container import ContainerSpec
from sluice.specs.production import FleetChoice
from sluice.waiting.remote_work import CALLS, JOBS, JobState, Kind, WorkState

ENDPOINT_LOG_GROUP = "/aws/sagemaker/Endpoints/"
TRANSFORM_LOG_GROUP = "/aws/sagemaker/TransformJobs"

INVOKE_CONFIG = Config(
    # One question, one answer: a retry behind our back would hide that the endpoint failed the first time.
    retries={"total_max_attempts": 1},
    # InvokeEndpoint itself gives up after 60 s; the client must not give up before it.
    read_timeout=70,
)


class SluiceHook(S3Calls, InventoryCalls, PrerequisiteCalls):
    """SageMaker, and what it needs of other services, in Sluice's nouns.

    :param aws_conn_id: Airflow connection. `endpoint_url` in its extra, or `service_config.<service>.endpoint_url`,
        sends the calls elsewhere than to AWS; nothing else does.
    :param region_name: AWS region; the connection's own when None.
    :param verify: whether to check TLS certificates, or the path to a CA bundle.
    :param config: botocore configuration, as an object or a dict of its keywords.
    """

    # -- registry ------------------------------------------------------------------------------------------------------

    def ensure_package_group(self, request: Request) -> None:
        """CreateModelPackageGroup, unless the group is there."""
        self._create("create_model_package_group", request)

    def list_packages(self, group: str) -> Iterator[PackageState]:
        """All versions of a group, newest first."""
        pages = self._sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending"
        )
        with refusals_as_ours("list_model_packages", group):
            for page in pages:
                yield from map(resource_responses.package_state, page["ModelPackageSummaryList"])

    def create_package(self, request: Request) -> str | None:
        """CreateModelPackage: ARN of the new version, or None when another request with this token is under way."""
        answer = self._create("create_model_package", request)
        return None if answer is None else str(answer["ModelPackageArn"])

    def describe_package(self, package_arn: str) -> PackageState:
        """One version with its metadata. Raises ServiceRefused when there is none."""
        answer = self._call("describe_model_package", {"ModelPackageName": package_arn})
        return resource_responses.package_state(answer)

    def find_package(self, package_arn: str) -> PackageState | None:
        """One version with its metadata, or None when there is none."""
        answer = self._find("describe_model_package", {"ModelPackageName": package_arn})
        return None if answer is None else resource_responses.package_state(answer)

    def read_package(self, package_arn: str) -> AdoptedPackage | None:
        """What a version holds, or None when there is none."""
        answer = self._find("describe_model_package", {"ModelPackageName": package_arn})
        return None if answer is None else resource_responses.adopted_package(answer)

    def update_package(self, request: Request) -> None:
        """UpdateModelPackage: approval."""
        self._call("update_model_package", request)

    def put_package_metadata(self, package_arn: str, metadata: Mapping[str, str]) -> None:
        """Add to, or replace in, the version's CustomerMetadataProperties."""
        self._call("update_model_package", {"ModelPackageArn": package_arn, "CustomerMetadataProperties": metadata})

    # -- models and endpoints ------------------------------------------------------------------------------------------

    def ensure_model(self, request: Request) -> bool:
        """CreateModel; False when a model of that name is there. Names come from content, so it is the same model."""
        return self._create("create_model", request) is not None

    def containers_of(self, model: str) -> tuple[ContainerSpec, ...]:
        """What a model holds: its own containers, or those of the version that it refers to."""
        package_arn, containers = resource_responses.model_holds(self._call("describe_model", {"ModelName": model}))
        if containers or package_arn is None:
            return containers
        package = self.read_package(package_arn)
        return package.containers if package else ()

    def ensure_endpoint_config(self, request: Request) -> bool:
        """CreateEndpointConfig; False when one of that name is there, which then says the same."""
        return self._create("create_endpoint_config", request) is not None

    def find_endpoint(self, endpoint: str) -> EndpointState | None:
        """What the endpoint is and runs, or None when there is none."""
        answer = self._find("describe_endpoint", {"EndpointName": endpoint})
        return None if answer is None else resource_responses.endpoint_state(answer)

    def create_endpoint(self, request: Request) -> bool:
        """CreateEndpoint; False when somebody else was faster."""
        return self._create("create_endpoint", request) is not None

    def update_endpoint(self, request: Request) -> None:
        """UpdateEndpoint. That AWS accepts it says nothing about whether it will be applied."""
        self._call("update_endpoint", request)

    def find_alarms(self, names: Sequence[str]) -> list[AlarmState]:
        """Those of the named CloudWatch alarms that there are; alarms of metrics and composite ones."""
        if not names:
            return []
        pages = (
            self._client_of("cloudwatch")
            .get_paginator("describe_alarms")
            .paginate(AlarmNames=list(names), AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        )
        with refusals_as_ours("describe_alarms", ", ".join(names)):
            return [alarm for page in pages for alarm in resource_responses.alarm_states(page)]

    def delete_endpoint(self, endpoint: str) -> bool:
        """DeleteEndpoint; False when there is none."""
        return self._find("delete_endpoint", {"EndpointName": endpoint}) is not None

    def package_behind(self, config: str) -> str | None:
        """ARN of the package version that an endpoint config's first variant serves; None when it cannot be told."""
        variant = self._first_variant(config)
        model = None if variant is None else self._find("describe_model", {"ModelName": variant["ModelName"]})
        if model is None:
            return None
        containers = model.get("Containers") or [model.get("PrimaryContainer") or {}]
        arn = containers[0].get("ModelPackageName")
        return None if arn is None else str(arn)

    def fleet_behind(self, config: str) -> FleetChoice | None:
        """The instances that an endpoint config's first variant asks for; None when it cannot be told."""
        variant = self._first_variant(config)
        if variant is None or "InstanceType" not in variant:
            return None
        return FleetChoice(instance_type=variant["InstanceType"], instances=variant.get("InitialInstanceCount", 1))

    def _first_variant(self, config: str) -> Request | None:
        found = self._find("describe_endpoint_config", {"EndpointConfigName": config})
        return None if found is None else found["ProductionVariants"][0]

    def invoke(self, endpoint: str, body: bytes, content_type: str, accept: str) -> bytes:
        """InvokeEndpoint, once and without hidden retries; the answer's body. Raises ServiceRefused (`ModelError`)."""
        request = {"EndpointName": endpoint, "Body": body, "ContentType": content_type, "Accept": accept}
        with refusals_as_ours("invoke_endpoint", endpoint):
            answer = self._client_of("sagemaker-runtime", INVOKE_CONFIG).invoke_endpoint(**request)
            read: bytes = answer["Body"].read()
        return read

    def last_log_lines(self, endpoint: str, reason: str | None, lines: int) -> tuple[str, ...]:
        """The newest log lines of the containers that `reason` names, or of all, as `[container] line`; maybe none."""
        return self._last_lines({"logGroupName": ENDPOINT_LOG_GROUP + endpoint}, reason, lines)

    def last_transform_log_lines(self, job: str, reason: str | None, lines: int) -> tuple[str, ...]:
        """The same of a transform job; its stream `data-log` says of each bad object what is wrong with it."""
        of_job = {"logGroupName": TRANSFORM_LOG_GROUP, "logStreamNamePrefix": f"{job}/"}
        return self._last_lines(of_job, reason, lines)

    def _last_lines(self, where: Request, reason: str | None, lines: int) -> tuple[str, ...]:
        group = where["logGroupName"]
        logs = self._client_of("logs")
        try:
            pages = logs.get_paginator("describe_log_streams").paginate(**where)
            streams = [LogStream.of(stream) for page in pages for stream in page["logStreams"]]
            newest = newest_per_container(streams)
            shown = lines_each([stream.container for stream in newest], reason, lines)
            found: list[str] = []
            for stream in (each for each in newest if each.container in shown):
                answer = logs.get_log_events(
                    logGroupName=group, logStreamName=stream.name, limit=shown[stream.container], startFromHead=False
                )
                found += [f"[{stream.container}] {event['message'].rstrip()}" for event in answer["events"]]
        except ClientError as error:
            # The lines explain another failure, which must not be hidden by a missing permission to read them.
            self.log.warning("could not read the container logs in %s: %s", group, error)
            return ()
        return tuple(found)

    # -- recommendation jobs -------------------------------------------------------------------------------------------

    def describe_job(self, job: str) -> dict[str, Any]:
        """DescribeInferenceRecommendationsJob's whole answer, for `responses.job.measurements`."""
        return self._call("describe_inference_recommendations_job", {"JobName": job})

    # -- what AWS does by itself while a task waits --------------------------------------------------------------------

    def find_work(self, kind: Kind, name: str) -> WorkState | None:
        """Where the work is, or None when there is none of that name."""
        calls = CALLS[kind]
        answer = self._find(calls.describe, {calls.member: name})
        return None if answer is None else calls.read(answer)

    def find_job(self, kind: Kind, name: str) -> JobState | None:
        """Where the job is, or None when there is none of that name."""
        calls = JOBS[kind]
        answer = self._find(calls.describe, {calls.member: name})
        return None if answer is None else calls.read(answer)

    def start_job(self, kind: Kind, request: Request) -> bool:
        """Create the job; False when one of that name is there."""
        return self._create(JOBS[kind].create, request) is not None

    def stop_job(self, kind: Kind, name: str) -> bool:
        """Stop the job; False when it is not running."""
        calls, state = JOBS[kind], self.find_job(kind, name)
        if state is None or state.status not in calls.running:
            return False
        self._call(calls.stop, {calls.member: name})
        return True

    # -- autoscaling ---------------------------------------------------------------------------------------------------

    def recommend_scaling(self, request: Request) -> Scaling:
        """GetScalingConfigurationRecommendation."""
        return job_responses.scaling(self._call("get_scaling_configuration_recommendation", request))

    def is_scaled(self, target: Request) -> bool:
        """Whether Application Auto Scaling has the target that `scaling_requests.scalable_target` names."""
        wanted = {"ServiceNamespace": target["ServiceNamespace"], "ResourceIds": [target["ResourceId"]]}
        return bool(self._scaling("describe_scalable_targets", wanted)["ScalableTargets"])

    def register_scalable_target(self, request: Request) -> None:
        """RegisterScalableTarget, which also changes the bounds of one that is there."""
        self._scaling("register_scalable_target", request)

    def deregister_scalable_target(self, request: Request) -> None:
        """DeregisterScalableTarget; its policies go with it."""
        self._scaling("deregister_scalable_target", request)

    def put_scaling_policy(self, request: Request) -> None:
        """PutScalingPolicy, which replaces one of the same name."""
        self._scaling("put_scaling_policy", request)

    def _scaling(self, operation: str, request: Request) -> dict[str, Any]:
        return self._call(operation, request, self._client_of("application-autoscaling"), request.get("ResourceId"))

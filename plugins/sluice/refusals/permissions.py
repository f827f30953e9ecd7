"""Which permissions a call to AWS needs, as data: operation -> IAM actions and the resources that they are on. PURE.

Source, where a row names no other: the Service Authorization Reference ("Actions, resources, and condition keys for
Amazon SageMaker" and of the other services), columns "Resource types" and "Dependent actions". Operations that are not
listed here need the action of their own name; `needs_of` refuses them, so that nobody forgets to look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ANY = "*"
"""A resource of actions that know none, or whose ARN cannot be told from the request."""
MADE_BY_SLUICE = {"StringLike": {"aws:ResourceTag/sluice:pipeline": "?*"}}
"""Ours: whoever may delete may delete only what carries the tag that Sluice puts on what it makes."""
TO_SAGEMAKER = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
ENDPOINTS_ONLY = {"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}}
SCALING_ROLE = (
    "arn:aws:iam::{account}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)
"""SageMaker Developer Guide, "Auto scaling prerequisites", the statement on iam:CreateServiceLinkedRole."""
FOR_SCALING = {"StringLike": {"iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com"}}

Condition = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Need:
    """One permission. `resource` is an ARN with `{Member}`s of the request, `{region}` and `{account}` in it."""

    action: str
    resource: str = ANY
    condition: Condition = field(default_factory=dict)
    only_with: str | None = None
    """The member of the request without which the permission is not asked for."""


def _sagemaker(kind: str, member: str) -> str:
    return f"arn:aws:sagemaker:{{region}}:{{account}}:{kind}/{{{member}}}"


MODEL = _sagemaker("model", "ModelName")
CONFIG = _sagemaker("endpoint-config", "EndpointConfigName")
ENDPOINT = _sagemaker("endpoint", "EndpointName")
JOB = _sagemaker("inference-recommendations-job", "JobName")
SCALED_JOB = _sagemaker("inference-recommendations-job", "InferenceRecommendationsJobName")
TRANSFORM = _sagemaker("transform-job", "TransformJobName")
GROUP = _sagemaker("model-package-group", "ModelPackageGroupName")
VERSIONS = _sagemaker("model-package", "ModelPackageGroupName") + "/*"
LOG_GROUP = "arn:aws:logs:{region}:{account}:log-group:{logGroupName}"
SCALABLE = "arn:aws:application-autoscaling:{region}:{account}:scalable-target/*"
"""The last part of a scalable target's ARN is an identifier of AWS's, which is in no request."""
BUCKET = "arn:aws:s3:::{Bucket}"
OBJECT = "arn:aws:s3:::{Bucket}/{Key}"


def _tagged(resource: str) -> Need:
    return Need("sagemaker:AddTags", resource, only_with="Tags")


def _passing(member: str) -> Need:
    return Need("iam:PassRole", f"{{{member}}}", TO_SAGEMAKER, only_with=member)


NEEDS: Mapping[tuple[str, str], tuple[Need, ...]] = {
    ("sagemaker", "CreateModelPackageGroup"): (Need("sagemaker:CreateModelPackageGroup", GROUP), _tagged(GROUP)),
    # The two that work on versions by their group: "Cross-account discoverability" of the developer guide has both.
    ("sagemaker", "ListModelPackages"): (Need("sagemaker:ListModelPackages", VERSIONS),),
    ("sagemaker", "CreateModelPackage"): (
        Need("sagemaker:CreateModelPackage", GROUP),
        Need("sagemaker:CreateModelPackage", VERSIONS),
    ),
    ("sagemaker", "DescribeModelPackage"): (Need("sagemaker:DescribeModelPackage", "{ModelPackageName}"),),
    ("sagemaker", "UpdateModelPackage"): (Need("sagemaker:UpdateModelPackage", "{ModelPackageArn}"),),
    ("sagemaker", "CreateModel"): (
        Need("sagemaker:CreateModel", MODEL),
        _tagged(MODEL),
        _passing("ExecutionRoleArn"),
    ),
    ("sagemaker", "DescribeModel"): (Need("sagemaker:DescribeModel", MODEL),),
    ("sagemaker", "DeleteModel"): (Need("sagemaker:DeleteModel", MODEL, MADE_BY_SLUICE),),
    ("sagemaker", "CreateEndpointConfig"): (
        Need("sagemaker:CreateEndpointConfig", CONFIG),
        _tagged(CONFIG),
        _passing("ExecutionRoleArn"),
    ),
    ("sagemaker", "DescribeEndpointConfig"): (Need("sagemaker:DescribeEndpointConfig", CONFIG),),
    ("sagemaker", "DeleteEndpointConfig"): (Need("sagemaker:DeleteEndpointConfig", CONFIG, MADE_BY_SLUICE),),
    ("sagemaker", "CreateEndpoint"): (
        Need("sagemaker:CreateEndpoint", ENDPOINT),
        Need("sagemaker:CreateEndpoint", CONFIG),
        _tagged(ENDPOINT),
    ),
    ("sagemaker", "UpdateEndpoint"): (
        Need("sagemaker:UpdateEndpoint", ENDPOINT),
        Need("sagemaker:UpdateEndpoint", CONFIG),
    ),
    ("sagemaker", "DescribeEndpoint"): (Need("sagemaker:DescribeEndpoint", ENDPOINT),),
    ("sagemaker", "DeleteEndpoint"): (Need("sagemaker:DeleteEndpoint", ENDPOINT, MADE_BY_SLUICE),),
    ("sagemaker", "CreateInferenceRecommendationsJob"): (
        Need("sagemaker:CreateInferenceRecommendationsJob", JOB),
        _tagged(JOB),
        _passing("RoleArn"),
    ),
    ("sagemaker", "DescribeInferenceRecommendationsJob"): (Need("sagemaker:DescribeInferenceRecommendationsJob", JOB),),
    ("sagemaker", "StopInferenceRecommendationsJob"): (Need("sagemaker:StopInferenceRecommendationsJob", JOB),),
    ("sagemaker", "ListInferenceRecommendationsJobs"): (Need("sagemaker:ListInferenceRecommendationsJobs"),),
    ("sagemaker", "ListInferenceRecommendationsJobSteps"): (Need("sagemaker:ListInferenceRecommendationsJobSteps"),),
    ("sagemaker", "GetScalingConfigurationRecommendation"): (
        Need("sagemaker:GetScalingConfigurationRecommendation", SCALED_JOB),
    ),
    # The role that the job works under is the model's, which CreateModel has been allowed to pass on.
    ("sagemaker", "CreateTransformJob"): (Need("sagemaker:CreateTransformJob", TRANSFORM), _tagged(TRANSFORM)),
    ("sagemaker", "DescribeTransformJob"): (Need("sagemaker:DescribeTransformJob", TRANSFORM),),
    ("sagemaker", "StopTransformJob"): (Need("sagemaker:StopTransformJob", TRANSFORM),),
    ("sagemaker", "ListModels"): (Need("sagemaker:ListModels"),),
    ("sagemaker", "ListEndpointConfigs"): (Need("sagemaker:ListEndpointConfigs"),),
    ("sagemaker", "ListEndpoints"): (Need("sagemaker:ListEndpoints"),),
    ("sagemaker", "ListTags"): (Need("sagemaker:ListTags", "{ResourceArn}"),),
    ("sagemaker-runtime", "InvokeEndpoint"): (Need("sagemaker:InvokeEndpoint", ENDPOINT),),
    # Without s3:ListBucket, S3 answers 403 and not 404 for what is not there (GetObject, "Permissions").
    ("s3", "GetObject"): (Need("s3:GetObject", OBJECT), Need("s3:ListBucket", BUCKET)),
    ("s3", "HeadObject"): (Need("s3:GetObject", OBJECT), Need("s3:ListBucket", BUCKET)),
    ("s3", "HeadBucket"): (Need("s3:ListBucket", BUCKET),),
    ("s3", "ListObjectsV2"): (Need("s3:ListBucket", BUCKET),),
    ("s3", "PutObject"): (Need("s3:PutObject", OBJECT),),
    # "... to return information about composite alarms ... scoped to *" (DescribeAlarms, API reference)
    ("cloudwatch", "DescribeAlarms"): (Need("cloudwatch:DescribeAlarms"),),
    ("logs", "DescribeLogStreams"): (Need("logs:DescribeLogStreams", LOG_GROUP),),
    ("logs", "GetLogEvents"): (Need("logs:GetLogEvents", LOG_GROUP + ":log-stream:*"),),
    ("application-autoscaling", "DescribeScalableTargets"): (Need("application-autoscaling:DescribeScalableTargets"),),
    ("application-autoscaling", "RegisterScalableTarget"): (
        Need("application-autoscaling:RegisterScalableTarget", SCALABLE, ENDPOINTS_ONLY),
        Need("iam:CreateServiceLinkedRole", SCALING_ROLE, FOR_SCALING),
    ),
    ("application-autoscaling", "DeregisterScalableTarget"): (
        Need("application-autoscaling:DeregisterScalableTarget", SCALABLE, ENDPOINTS_ONLY),
    ),
    ("application-autoscaling", "PutScalingPolicy"): (
        Need("application-autoscaling:PutScalingPolicy", SCALABLE, ENDPOINTS_ONLY),
    ),
    ("iam", "GetRole"): (Need("iam:GetRole", "arn:aws:iam::{account}:role/{RoleName}"),),
    ("ecr", "BatchGetImage"): (
        Need("ecr:BatchGetImage", "arn:aws:ecr:{region}:{registryId}:repository/{repositoryName}"),
    ),
    ("sqs", "ReceiveMessage"): (Need("sqs:ReceiveMessage", "{QueueUrl}"),),
    ("sqs", "DeleteMessage"): (Need("sqs:DeleteMessage", "{QueueUrl}"),),
    ("sqs", "DeleteMessageBatch"): (Need("sqs:DeleteMessage", "{QueueUrl}"),),
    ("sns", "Publish"): (Need("sns:Publish", "{TargetArn}"),),
}

_MEMBER = re.compile(r"\{(\w+)\}")
_QUEUE = re.compile(r"https?://(?:sqs\.([a-z0-9-]+)\.)?[^/]+/(\d{12})/(.+)")


def needs_of(
    service: str, operation: str, request: Mapping[str, Any], region: str = ANY, account: str = ANY
) -> tuple[Need, ...]:
    """The permissions of one call, with the resources' whole ARNs. KeyError for an operation that is not listed.

    `service` is botocore's (`sagemaker-runtime`), `operation` the API's (`InvokeEndpoint`), `request` its members.
    """
    try:
        rows = NEEDS[service, operation]
    except KeyError:
        raise KeyError(f"{service} {operation}: add a row to NEEDS in sluice/refusals/permissions.py") from None
    members = {"region": region, "account": account, **request}
    asked = (row for row in rows if row.only_with is None or request.get(row.only_with))
    return tuple(Need(row.action, _filled(row.resource, members), row.condition) for row in asked)


def actions_of(operation: str) -> tuple[str, ...]:
    """The IAM actions of an operation, whichever service has it; none when it is not listed."""
    return tuple(dict.fromkeys(need.action for need in _rows_of(operation) if need.only_with is None))


def _rows_of(operation: str) -> Iterator[Need]:
    for (_, each), rows in NEEDS.items():
        if each == operation:
            yield from rows


def _filled(resource: str, members: Mapping[str, Any]) -> str:
    arn = _MEMBER.sub(lambda found: str(members.get(found[1]) or ANY), resource)
    queue = _QUEUE.fullmatch(arn)
    return f"arn:aws:sqs:{queue[1] or ANY}:{queue[2]}:{queue[3]}" if queue else arn

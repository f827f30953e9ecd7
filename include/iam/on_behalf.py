"""What SageMaker does under the execution role, by the operation that makes it: data, with sources.

None of this can be recorded: AWS does it. Where its documents name only a managed policy, the row says that it is read
off from what the job does.
"""

from __future__ import annotations

from collections.abc import Mapping

from sluice.refusals.permissions import ANY, Need

REPOSITORIES = "arn:aws:ecr:${Region}:*:repository/*"
"""Images of one's own, and those of AWS's registries, whose accounts differ from region to region."""
LOGS = "arn:aws:logs:${Region}:${Account}:log-group:/aws/sagemaker/*"
OWN_METRICS = {"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}}
MODEL_OBJECTS, MODEL_BUCKET = "arn:aws:s3:::${ModelBucket}/*", "arn:aws:s3:::${ModelBucket}"
VERSIONS = "arn:aws:sagemaker:${Region}:${Account}:model-package/${PackageGroup}/*"
BENCHMARKED = "arn:aws:sagemaker:${Region}:${Account}:%s/*"
"""A job names what it makes after itself and after identifiers of its own (`sm-epc-...`), which nobody knows before."""

_PULLING = (
    Need("ecr:GetAuthorizationToken"),
    *(
        Need(f"ecr:{action}", REPOSITORIES)
        for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
    ),
)
_TELLING = (
    *(
        Need(f"logs:{action}", LOGS)
        for action in ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents")
    ),
    Need("cloudwatch:PutMetricData", ANY, OWN_METRICS),
)

ON_BEHALF: Mapping[str, tuple[Need, ...]] = {
    # "CreateModel API: Execution Role Permissions" (SageMaker Developer Guide, "How to use execution roles")
    "CreateModel": (*_PULLING, *_TELLING, Need("s3:GetObject", MODEL_OBJECTS), Need("s3:ListBucket", MODEL_BUCKET)),
    # The same page: the role of the model reads the input and writes the output.
    "CreateTransformJob": (
        Need("s3:GetObject", "arn:aws:s3:::${InputBucket}/*"),
        Need("s3:ListBucket", "arn:aws:s3:::${InputBucket}"),
        Need("s3:PutObject", "arn:aws:s3:::${OutputBucket}/*"),
    ),
    # "Prerequisites" of Inference Recommender names AmazonSageMakerFullAccess only. Read off from what a job does: it
    # makes a model, a config and an endpoint for each type, asks them, reads their metrics, and takes them away.
    "CreateInferenceRecommendationsJob": (
        *(
            Need(f"sagemaker:{verb}{noun}", BENCHMARKED % kind)
            for noun, kind in (("Model", "model"), ("EndpointConfig", "endpoint-config"), ("Endpoint", "endpoint"))
            for verb in ("Create", "Describe", "Delete")
        ),
        Need("sagemaker:CreateEndpoint", BENCHMARKED % "endpoint-config"),
        *(Need("sagemaker:AddTags", BENCHMARKED % kind) for kind in ("model", "endpoint-config", "endpoint")),
        Need("sagemaker:InvokeEndpoint", BENCHMARKED % "endpoint"),
        Need("sagemaker:DescribeModelPackage", VERSIONS),
        Need("cloudwatch:GetMetricData"),
        Need(
            "iam:PassRole",
            "arn:aws:iam::${Account}:role/${ExecutionRole}",
            {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
    ),
    # "Auto-Rollback Configuration and Monitoring" (deployment guardrails): the role needs DescribeAlarms.
    "UpdateEndpoint": (Need("cloudwatch:DescribeAlarms"),),
}
"""By the API's name of the operation."""

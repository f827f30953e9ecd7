"""CreateTransformJob, DescribeTransformJob, ListTransformJobs, StopTransformJob."""

from __future__ import annotations

from include.sagemaker_local.control.scope.listing import MODIFIED
from include.sagemaker_local.wire.scope import Scope, below, exact, only, refused

_NO_CAPTURE = "requests are not captured"
_NO_EXPERIMENTS = "experiments are not kept"
_NO_KEYS = "nothing is encrypted"

SCOPES = {
    "CreateTransformJob": Scope(
        {
            **exact(
                "TransformJobName",
                "ModelName",
                "MaxConcurrentTransforms",
                "ModelClientConfig",
                "MaxPayloadInMB",
                "BatchStrategy",
                "Environment",
                "DataProcessing",
                "Tags",
            ),
            **below(
                "TransformInput",
                {
                    **exact("DataSource.S3DataSource.S3Uri", "ContentType", "CompressionType", "SplitType"),
                    **only(
                        "DataSource.S3DataSource.S3DataType",
                        "S3Prefix",
                        "ManifestFile",
                        why="batch transform on AWS takes no augmented manifest either, and conversations are not read",
                    ),
                },
            ),
            **below(
                "TransformOutput",
                {**exact("S3OutputPath", "Accept", "AssembleWith"), **only("KmsKeyId", "", why=_NO_KEYS)},
            ),
            **below(
                "TransformResources",
                {
                    **exact("InstanceType", "InstanceCount"),
                    **only("VolumeKmsKeyId", "", why=_NO_KEYS),
                    **refused("TransformAmiVersion", why="instances are processes or containers"),
                },
            ),
            **refused("DataCaptureConfig", why=_NO_CAPTURE),
            **refused("ExperimentConfig", why=_NO_EXPERIMENTS),
        }
    ),
    "DescribeTransformJob": Scope(
        exact("TransformJobName"),
        never_answered={
            "DataCaptureConfig": _NO_CAPTURE,
            "ExperimentConfig": _NO_EXPERIMENTS,
            "LabelingJobArn": "there are no labeling jobs",
            "AutoMLJobArn": "there are no AutoML jobs",
        },
    ),
    "ListTransformJobs": Scope(MODIFIED),
    "StopTransformJob": Scope(exact("TransformJobName")),
}

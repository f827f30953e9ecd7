"""AWS's limits on what a spec may say. Those without a comment stand in the SageMaker service model (2017-07-24)."""

from __future__ import annotations

NAME = r"[a-zA-Z0-9](-*[a-zA-Z0-9])*"
NAME_MAX = 63
S3_URI = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+"
S3_PREFIX = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.:/=+@-]*)?"  # what a package's metadata may hold
EVIDENCE_PREFIX_MAX = 100
"""A package's metadata values may have 256 characters, and one of them is the evidence's URI."""
ARTIFACT_URI = S3_URI + r"\.tar\.gz"
URL_MAX = 1024
ROLE_ARN = r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
PACKAGE_ARN = r"^arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]{9,16}:[0-9]{12}:model-package/\S{1,2048}$"
INSTANCE_TYPE = r"ml\.[a-z0-9-]+\.[a-z0-9]+"
ENVIRONMENT_MAX = 100
ENVIRONMENT_TEXT_MAX = 1024
ENVIRONMENT_KEY = r"[a-zA-Z_][a-zA-Z0-9_]*"

DOMAINS = ("COMPUTER_VISION", "NATURAL_LANGUAGE_PROCESSING", "MACHINE_LEARNING")
TASKS = (
    "IMAGE_CLASSIFICATION",
    "OBJECT_DETECTION",
    "TEXT_GENERATION",
    "IMAGE_SEGMENTATION",
    "FILL_MASK",
    "CLASSIFICATION",
    "REGRESSION",
    "OTHER",
)
FRAMEWORKS = ("TENSORFLOW", "PYTORCH", "XGBOOST", "SAGEMAKER-SCIKIT-LEARN", "OTHER")
FRAMEWORK_VERSION = r"[0-9]\.[A-Za-z0-9.-]{1,8}"  # 3 to 10 characters in all

"""Create, Describe, BatchDescribe, Update, List and Delete of ModelPackage."""

from __future__ import annotations

from include.sagemaker_local.control.scope.containers import PACKAGE_CONTAINER
from include.sagemaker_local.control.scope.listing import CREATED
from include.sagemaker_local.wire.scope import Scope, below, exact, only, refused, simplified

_SPECIFICATION = {
    **below("Containers", PACKAGE_CONTAINER),
    **exact(
        "SupportedTransformInstanceTypes",
        "SupportedRealtimeInferenceInstanceTypes",
        "SupportedContentTypes",
        "SupportedResponseMIMETypes",
    ),
}
_ADDITIONAL_SPECIFICATION = {**exact("Name", "Description"), **_SPECIFICATION}
_KEPT = "kept and shown; nothing reads it"
_NO_ALGORITHMS = "a package names its image; algorithm resources are not there"
_NO_VALIDATION = "packages are not validated by transform jobs"
_UNMANAGED = "SageMaker's managed storage is not there"

SCOPES = {
    "CreateModelPackage": Scope(
        {
            **exact(
                "ModelPackageName",
                "ModelPackageGroupName",
                "ModelPackageDescription",
                "ClientToken",
                "Tags",
                "ModelApprovalStatus",
                "CustomerMetadataProperties",
                "MetadataProperties",
                "Domain",
                "Task",
                "SamplePayloadUrl",
            ),
            **below("InferenceSpecification", _SPECIFICATION),
            **below("AdditionalInferenceSpecifications", _ADDITIONAL_SPECIFICATION),
            **simplified(
                "ModelPackageRegistrationType",
                "ModelMetrics",
                "DriftCheckBaselines",
                "SourceUri",
                "ModelCard",
                "ModelLifeCycle",
                how=_KEPT,
            ),
            **simplified("SecurityConfig", how="kept and shown; nothing is encrypted"),
            **simplified("SkipModelValidation", how="kept and shown; nothing is ever validated"),
            **refused("SourceAlgorithmSpecification", why=_NO_ALGORITHMS),
            **refused("ValidationSpecification", why=_NO_VALIDATION),
            **only("CertifyForMarketplace", False, why="there is no Marketplace"),
            **refused("ManagedStorageType", why=_UNMANAGED),
        }
    ),
    "DescribeModelPackage": Scope(
        {**exact("ModelPackageName"), **only("IncludedData", "AllData", why="nothing is kept apart from the rest")},
        never_answered={
            "SourceAlgorithmSpecification": _NO_ALGORITHMS,
            "ValidationSpecification": _NO_VALIDATION,
            "CreatedBy": "the caller's identity is not known",
            "LastModifiedBy": "the caller's identity is not known",
            "ManagedStorageType": _UNMANAGED,
        },
    ),
    "BatchDescribeModelPackage": Scope(exact("ModelPackageArnList")),
    "UpdateModelPackage": Scope(
        {
            **exact(
                "ModelPackageArn",
                "ModelApprovalStatus",
                "ApprovalDescription",
                "CustomerMetadataProperties",
                "CustomerMetadataPropertiesToRemove",
            ),
            **below("InferenceSpecification", _SPECIFICATION),
            **below("AdditionalInferenceSpecificationsToAdd", _ADDITIONAL_SPECIFICATION),
            **simplified("ModelPackageRegistrationType", "SourceUri", "ModelCard", "ModelLifeCycle", how=_KEPT),
            **simplified("ClientToken", how="accepted; repeating an update has the same result without it"),
        }
    ),
    "ListModelPackages": Scope(
        {**CREATED, **exact("ModelPackageGroupName", "ModelPackageType", "ModelApprovalStatus")}
    ),
    "DeleteModelPackage": Scope(exact("ModelPackageName")),
}

"""A container definition, in a model or in a package."""

from __future__ import annotations

from include.sagemaker_local.wire.scope import below, exact, only, refused, simplified

_ONE_ARCHIVE = "model data is one .tar.gz archive"

_MODEL_DATA = {
    **simplified("ModelDataUrl", how="by s3:// only; https:// is refused"),
    **below(
        "ModelDataSource.S3DataSource",
        {
            **exact("S3Uri"),
            **only("S3DataType", "S3Object", why=_ONE_ARCHIVE),
            **only("CompressionType", "Gzip", why=_ONE_ARCHIVE),
            **refused("HubAccessConfig", "ModelAccessConfig", why="there is no SageMaker hub here"),
            **refused("ManifestS3Uri", "ManifestEtag", "ETag", why=_ONE_ARCHIVE),
        },
    ),
    **refused("AdditionalModelDataSources", why=_ONE_ARCHIVE),
}

MODEL_CONTAINER = {
    **exact("ContainerHostname", "Image", "Environment", "InferenceSpecificationName"),
    **simplified("ModelPackageName", how="resolved when the model is created; the package need not be Approved"),
    **_MODEL_DATA,
    **only("ImageConfig.RepositoryAccessMode", "Platform", why="there is no VPC to pull through"),
    **refused("ImageConfig.RepositoryAuthConfig", why="images are not pulled"),
    **simplified("Mode", how="MultiModel is refused: multi-model endpoints are not served"),
    **refused("MultiModelConfig", why="multi-model endpoints are not served"),
    **refused("ContainerMetricsConfig", why="containers are not scraped for metrics"),
}
"""CreateModel's PrimaryContainer, and each of its Containers."""

PACKAGE_CONTAINER = {
    **exact(
        "ContainerHostname", "Image", "Environment", "ModelInput", "Framework", "FrameworkVersion", "NearestModelName"
    ),
    **_MODEL_DATA,
    **simplified("ImageDigest", "ModelDataETag", how="kept and shown as sent; AWS fills them in itself"),
    **simplified("ProductId", "IsCheckpoint", "BaseModel", how="kept and shown; nothing reads it"),
    **refused("AdditionalS3DataSource", why=_ONE_ARCHIVE),
}
"""A container of an InferenceSpecification."""

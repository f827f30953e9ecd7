"""Create, Describe, List and Delete of ModelPackageGroup, and its policy."""

from __future__ import annotations

from include.sagemaker_local.control.scope.listing import CREATED
from include.sagemaker_local.wire.scope import Scope, exact, refused, simplified

_UNMANAGED = "SageMaker's managed storage is not there"

SCOPES = {
    "CreateModelPackageGroup": Scope(
        {
            **exact("ModelPackageGroupName", "ModelPackageGroupDescription", "Tags"),
            **refused("ManagedConfiguration", why=_UNMANAGED),
        }
    ),
    "DescribeModelPackageGroup": Scope(
        exact("ModelPackageGroupName"), never_answered={"ManagedConfiguration": _UNMANAGED}
    ),
    "ListModelPackageGroups": Scope(
        {**CREATED, **simplified("CrossAccountFilterOption", how="there is one account, so CrossAccount finds nothing")}
    ),
    "DeleteModelPackageGroup": Scope(exact("ModelPackageGroupName")),
    "PutModelPackageGroupPolicy": Scope(
        {
            **exact("ModelPackageGroupName"),
            **simplified("ResourcePolicy", how="kept and shown; nobody's access is decided by it"),
        }
    ),
    "GetModelPackageGroupPolicy": Scope(exact("ModelPackageGroupName")),
    "DeleteModelPackageGroupPolicy": Scope(exact("ModelPackageGroupName")),
}

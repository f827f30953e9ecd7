"""AddTags, ListTags, DeleteTags, Search."""

from __future__ import annotations

from include.sagemaker_local.wire.scope import Scope, exact, only, refused, simplified

SCOPES = {
    "AddTags": Scope(exact("ResourceArn", "Tags")),
    "ListTags": Scope(
        exact("ResourceArn", "MaxResults", "NextToken"),
        never_answered={"NextToken": "the smallest page holds the 50 tags that a resource can have"},
    ),
    "DeleteTags": Scope(exact("ResourceArn", "TagKeys")),
    "Search": Scope(
        {
            **only(
                "Resource", "ModelPackage", "ModelPackageGroup", "Endpoint", why="nothing else can be searched for here"
            ),
            **simplified(
                "SearchExpression",
                "SortBy",
                how="names of the answer's members, members inside of a package's, and Tags.<key>; of endpoints "
                "EndpointName, EndpointArn, EndpointStatus, EndpointConfigName, FailureReason and the times",
            ),
            **exact("SortOrder", "MaxResults", "NextToken"),
            **simplified("CrossAccountFilterOption", how="there is one account, so CrossAccount finds nothing"),
            **refused("VisibilityConditions", why="there is no SageMaker Studio"),
        }
    ),
}

"""AddTags, ListTags, DeleteTags."""

from __future__ import annotations

from include.sagemaker_local.wire.scope import Scope, exact

SCOPES = {
    "AddTags": Scope(exact("ResourceArn", "Tags")),
    "ListTags": Scope(
        exact("ResourceArn", "MaxResults", "NextToken"),
        never_answered={"NextToken": "the smallest page holds the 50 tags that a resource can have"},
    ),
    "DeleteTags": Scope(exact("ResourceArn", "TagKeys")),
}

"""The members that List operations share."""

from __future__ import annotations

from include.sagemaker_local.wire.scope import exact

CREATED = exact(
    "SortBy", "SortOrder", "NextToken", "MaxResults", "NameContains", "CreationTimeBefore", "CreationTimeAfter"
)
"""Of every List operation."""

MODIFIED = {**CREATED, **exact("LastModifiedTimeBefore", "LastModifiedTimeAfter", "StatusEquals")}
"""Of those whose resources change their state."""

"""What of each operation is served, as data: requests are held to it, and docs/parity.md is written from it."""

from __future__ import annotations

from collections.abc import Mapping

from include.sagemaker_local.control.scope import (
    endpoint_configs,
    endpoints,
    model_package_groups,
    model_packages,
    models,
    recommendation_jobs,
    scaling,
    tags_and_search,
    transform_jobs,
)
from include.sagemaker_local.wire.scope import Scope

SCOPES: Mapping[str, Scope] = {
    **models.SCOPES,
    **model_package_groups.SCOPES,
    **model_packages.SCOPES,
    **endpoint_configs.SCOPES,
    **endpoints.SCOPES,
    **transform_jobs.SCOPES,
    **recommendation_jobs.SCOPES,
    **tags_and_search.SCOPES,
}
"""SageMaker's, by the operation's name, in the order of the document."""

SCALING_SCOPES: Mapping[str, Scope] = scaling.SCOPES
"""The same of Application Auto Scaling."""

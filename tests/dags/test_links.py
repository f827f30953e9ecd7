from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sluice.links import EndpointConsoleLink, EndpointLogsLink


@pytest.mark.parametrize(
    ("link", "page"),
    [
        (EndpointConsoleLink, "/sagemaker/home?region=eu-west-1#/endpoints/iris"),
        (
            EndpointLogsLink,
            "/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/"
            "$252Faws$252Fsagemaker$252FEndpoints$252Firis",
        ),
    ],
)
@pytest.mark.parametrize("speaks_to_aws", [True, False])
def test_a_link_leads_to_the_console_and_only_where_there_is_one(
    link: type[EndpointConsoleLink], page: str, speaks_to_aws: bool
) -> None:
    kept: dict[str, Any] = {}
    context: Any = {"ti": SimpleNamespace(xcom_push=lambda key, value: kept.update({key: value}))}
    operator: Any = SimpleNamespace(do_xcom_push=True)
    hook: Any = SimpleNamespace(speaks_to_aws=speaks_to_aws, conn_region_name="eu-west-1", conn_partition="aws")
    link.remember(context, operator, hook, "iris")
    assert set(kept) == ({link.key} if speaks_to_aws else set())
    if speaks_to_aws:
        assert link().format_link(**kept[link.key]).endswith(page)

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sluice.links import ALL, OF_ENDPOINT, OF_JOB, OF_TRANSFORM, ServiceLink, keep_links
from sluice.operators.autoscale import AutoscaleOperator
from sluice.operators.batch_transform import BatchTransformOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.promote import PromoteOperator
from sluice.operators.recommend import RecommendOperator

from tests.fakes.candidates import a_candidate, given
from tests.fakes.sagemaker_api import FakeAws
from tests.fakes.task_run import DagRunOnFakeAws

GROUP = "/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Faws$252Fsagemaker$252F"
CONSOLE = "/sagemaker/home?region=eu-west-1#"


def links(of: Any, service_url: str | None, **names: str) -> list[str]:
    """The address that each link of an operator leads to; none for a link that has nothing to show."""
    kept: dict[str, Any] = {}
    context: Any = {"ti": SimpleNamespace(xcom_push=lambda key, value: kept.update({key: value}))}
    operator: Any = SimpleNamespace(do_xcom_push=True, operator_extra_links=of)
    hook: Any = SimpleNamespace(service_url=service_url, conn_region_name="eu-west-1", conn_partition="aws")
    keep_links(context, operator, hook, **names)
    return [link.format_link(**kept[link.key]) for link in of if link.key in kept]


@pytest.mark.parametrize(
    ("of", "names", "pages"),
    [
        (OF_ENDPOINT, {"endpoint_name": "iris"}, (f"{CONSOLE}/endpoints/iris", f"{GROUP}Endpoints$252Firis")),
        (OF_JOB, {"job_name": "j"}, (f"{GROUP}InferenceRecommendationsJobs$3FlogStreamNameFilter$3Dj",)),
        (
            OF_TRANSFORM,
            {"job_name": "j"},
            (f"{CONSOLE}/transform-jobs/j", f"{GROUP}TransformJobs$3FlogStreamNameFilter$3Dj"),
        ),
    ],
)
def test_links_lead_to_the_console_or_to_what_answers_instead(of: Any, names: Any, pages: tuple[str, ...]) -> None:
    assert links(of, None, **names) == [f"https://console.aws.amazon.com{page}" for page in pages]
    assert links(of, "http://127.0.0.1:4566", **names) == ["http://127.0.0.1:4566"]


@pytest.mark.parametrize(
    ("operator", "of"),
    [
        (DeployEndpointOperator, OF_ENDPOINT),
        (PromoteOperator, OF_ENDPOINT),
        (AutoscaleOperator, OF_ENDPOINT),
        (RecommendOperator, OF_JOB),
        (BatchTransformOperator, OF_TRANSFORM),
    ],
)
def test_what_works_on_aws_has_links_that_the_plugin_registers(operator: Any, of: Any) -> None:
    assert operator.operator_extra_links is of and {link.key for link in of} <= {link.key for link in ALL}
    assert len({link.key for link in ALL}) == len(ALL) == len({link.name for link in ALL})


def test_a_task_keeps_what_its_links_need() -> None:
    run = DagRunOnFakeAws(FakeAws())
    run.run(RecommendOperator(task_id="recommend", package_arn="arn:x", **given(a_candidate())))
    assert run.xcoms["recommend", ServiceLink.key]["service_url"] == "http://127.0.0.1:4566"

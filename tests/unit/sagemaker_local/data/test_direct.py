"""Direct mode: a request is for one container of a multi-container endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from include.sagemaker_local.data.model_error import ModelError
from include.sagemaker_local.metrics.names import invocation_data
from include.sagemaker_local.metrics.tally import InvocationTally
from include.sagemaker_local.routes import Instance, VariantRoute
from tests.fakes.containers import Behaviour, answer, die, echo
from tests.fakes.invocations import REGION, error, hops, invoke, one_variant, pipeline, plane, run

ECHOES = (echo(prefix=b"one:"), echo(prefix=b"two:"), echo(prefix=b"three:"))


def direct(containers: Any) -> VariantRoute:
    return VariantRoute("AllTraffic", 1.0, (Instance("i-0", hops(containers)),), direct=True)


def measured(tally: InvocationTally) -> dict[tuple[str, str | None], tuple[float, int]]:
    """Sum and count of every metric of the endpoint, by name and container."""
    found = {}
    for _, datum in invocation_data(tally.take()):
        dimensions = dict(datum.metric.dimensions)
        if "EndpointConfigName" not in dimensions:
            key = (datum.metric.name, dimensions.get("ContainerName"))
            found[key] = (datum.distribution.total, datum.distribution.count)
    return found


@pytest.mark.parametrize(("host", "number"), [("featurize", 0), ("predict", 1), ("label", 2)])
def test_the_named_container_answers_alone_and_gets_both_types(host: str, number: int) -> None:
    async def main() -> None:
        async with pipeline(*ECHOES) as containers, plane(direct(containers)) as data:
            request = invoke(
                content_type="text/csv", accept="text/plain", x_amzn_sagemaker_target_container_hostname=host
            )
            answered = await data.handle(request, REGION)
            assert answered.body == (b"one:", b"two:", b"three:")[number] + b"1,2,3"
            assert [len(container.seen) for container in containers] == [int(each == number) for each in range(3)]
            seen = containers[number].seen[0]
            assert (seen.header("content-type"), seen.header("accept")) == ("text/csv", "text/plain")
            assert seen.header("x-amzn-sagemaker-target-container-hostname") is None

    run(main())


def test_the_three_mistakes_are_told_apart_and_reach_no_container() -> None:
    async def main() -> None:
        async with pipeline(*ECHOES) as containers:
            async with plane(direct(containers)) as data:
                assert error(await data.handle(invoke(), REGION)) == (
                    400,
                    "ValidationError",
                    {
                        "Message": "The containers of endpoint flowers are invoked directly: the request must name one "
                        "of them with TargetContainerHostname. Its containers: featurize, predict, label."
                    },
                )
                request = invoke(x_amzn_sagemaker_target_container_hostname="other")
                status, kind, members = error(await data.handle(request, REGION))
                assert (status, kind) == (400, "ValidationError")
                said = "Container other not found in endpoint flowers. Its containers: featurize, predict, label."
                assert members["Message"] == said
            async with plane(*one_variant(containers)) as data:
                request = invoke(x_amzn_sagemaker_target_container_hostname="featurize")
                status, kind, members = error(await data.handle(request, REGION))
                assert (status, kind) == (400, "ValidationError")
                assert "invoked in sequence and not directly" in members["Message"]
            assert [container.seen for container in containers] == [[], [], []]

    run(main())


def test_each_container_has_its_own_metrics() -> None:
    async def main() -> None:
        tally = InvocationTally()
        chain = (echo(), answer(404, b"no"), die())
        async with pipeline(*chain) as containers, plane(direct(containers), observer=tally) as data:
            for host in ("featurize", "featurize", "predict", "label"):
                answered = await data.handle(invoke(x_amzn_sagemaker_target_container_hostname=host), REGION)
                if host != "featurize":
                    assert f"from {host} with message" in error(answered)[2]["Message"]
        found = measured(tally)
        assert [found["Invocations", name] for name in (None, "featurize", "predict", "label")] == [
            (4, 4),
            (2, 2),
            (1, 1),
            (1, 1),
        ]
        assert [found["Invocation4XXErrors", name] for name in (None, "featurize", "predict", "label")] == [
            (1, 4),
            (0, 2),
            (1, 1),
            (0, 1),
        ]
        assert list(found["Invocation5XXErrors", "label"]) == [0, 1]  # a container that died answered with no status
        assert found["ContainerLatency", "featurize"][1] == 2
        assert found["OverheadLatency", "predict"][1] == 1

    run(main())


@pytest.mark.parametrize(
    ("chain", "answered"),
    [
        ((echo(), answer(500, b"oops"), echo()), ["featurize", "predict"]),
        ((echo(), die(), echo()), ["featurize"]),
        ((echo(), echo(prefix=b"x" * 5_000_001), echo()), ["featurize", "predict"]),
    ],
)
def test_a_pipeline_that_fails_has_the_latency_of_every_container_that_answered(
    chain: tuple[Behaviour, ...], answered: list[str]
) -> None:
    async def main() -> None:
        tally = InvocationTally()
        async with pipeline(*chain) as containers, plane(*one_variant(containers), observer=tally) as data:
            assert (await data.handle(invoke(), REGION)).status == 424
        found = measured(tally)
        assert [name for metric, name in found if metric == "ContainerLatency"] == answered
        assert found["ModelLatency", None][0] >= sum(found["ContainerLatency", name][0] for name in answered)

    run(main())


def test_a_model_error_knows_of_no_latency_until_it_is_told() -> None:
    assert ModelError("m", original_status=0, original_message="").latencies_us == ()

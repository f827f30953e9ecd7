"""One request through a chain of real little HTTP servers, some of which misbehave."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.clock import SystemClock
from include.sagemaker_local.routes import Hop, Instance, VariantRoute
from include.sagemaker_local.settings import Settings
from tests.fakes.containers import Behaviour, answer, die, die_mid_answer, echo, hang, raw
from tests.fakes.invocations import REGION, SETTINGS, error, invoke, one_variant, pipeline, plane, run

LOG_GROUP = "/aws/sagemaker/Endpoints/flowers"
SEE = (
    "See https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
    "#logEventViewer:group=/aws/sagemaker/Endpoints/flowers in account 123456789012 for more information."
)


async def failing_chain(*behaviours: Behaviour, settings: Settings = SETTINGS) -> dict[str, Any]:
    """Invoke once and return the members of the ModelError that comes back."""
    async with pipeline(*behaviours) as containers, plane(*one_variant(containers), settings=settings) as data:
        status, kind, members = error(await data.handle(invoke(), REGION))
        assert (status, kind) == (424, "ModelError")
        assert members["LogStreamArn"] == f"arn:aws:logs:eu-west-1:123456789012:log-group:{LOG_GROUP}"
        return members


def test_the_body_runs_through_the_containers_and_the_last_answer_comes_back() -> None:
    async def main() -> None:
        chain = (echo(prefix=b"features:"), echo(prefix=b"score:"), echo("application/json", prefix=b"label:"))
        async with pipeline(*chain) as containers, plane(*one_variant(containers)) as data:
            answered = await data.handle(invoke(), REGION)
            assert (answered.status, answered.body) == (200, b"label:score:features:1,2,3")
            assert answered.header(b"content-type") == b"application/json"
            assert answered.header(b"x-amzn-invoked-production-variant") == b"AllTraffic"
            assert answered.header(b"x-amzn-requestid")
            assert [container.seen[0].body for container in containers][1] == b"features:1,2,3"
            for container in containers:
                seen = container.seen[0]
                assert (seen.method, seen.target) == ("POST", "/invocations")
                assert seen.header("content-length") == str(len(seen.body))

    run(main())


def test_content_type_goes_from_hop_to_hop_and_accept_to_the_last_one() -> None:
    async def main() -> None:
        chain = (echo("text/csv; charset=utf-8"), echo(None), echo("application/json"))
        async with pipeline(*chain) as containers, plane(*one_variant(containers)) as data:
            await data.handle(invoke(content_type="application/x-recordio", accept="text/plain"), REGION)
            seen = [container.seen[0] for container in containers]
            assert [each.header("content-type") for each in seen] == [
                "application/x-recordio",
                "text/csv; charset=utf-8",
                None,
            ]
            assert [each.header("accept") for each in seen] == [None, None, "text/plain"]

    run(main())


def test_no_content_type_and_no_accept_are_made_up() -> None:
    async def main() -> None:
        async with (
            pipeline(answer(200, b"x", content_type=None)) as containers,
            plane(*one_variant(containers)) as data,
        ):
            answered = await data.handle(invoke(), REGION)
            assert answered.header(b"content-type") is None
            assert containers[0].seen[0].header("content-type") is None
            assert containers[0].seen[0].header("accept") is None

    run(main())


def test_custom_attributes_go_to_every_container_and_the_last_ones_come_back() -> None:
    async def main() -> None:
        name = "X-Amzn-SageMaker-Custom-Attributes"
        chain = (echo(headers=f"{name}: first\r\n"), echo(headers=f"{name}: last\r\n"))
        async with pipeline(*chain) as containers, plane(*one_variant(containers)) as data:
            request = invoke(x_amzn_sagemaker_custom_attributes="trace=1", x_amzn_sagemaker_inference_id="id-1")
            answered = await data.handle(request, REGION)
            assert answered.header(name.lower().encode()) == b"last"
            for container in containers:
                assert container.seen[0].header(name.lower()) == "trace=1"
                assert container.seen[0].header("x-amzn-sagemaker-inference-id") == "id-1"

    run(main())


def test_custom_attributes_come_back_only_if_the_last_container_sets_them() -> None:
    async def main() -> None:
        chain = (echo(headers="X-Amzn-SageMaker-Custom-Attributes: first\r\n"), echo())
        async with pipeline(*chain) as containers, plane(*one_variant(containers)) as data:
            answered = await data.handle(invoke(x_amzn_sagemaker_custom_attributes="trace=1"), REGION)
            assert answered.header(b"x-amzn-sagemaker-custom-attributes") is None

    run(main())


def test_other_headers_are_stripped_in_both_directions() -> None:
    async def main() -> None:
        async with (
            pipeline(echo(headers="Set-Cookie: a=b\r\nServer: nginx\r\n")) as containers,
            plane(*one_variant(containers)) as data,
        ):
            request = invoke(authorization="AWS4-HMAC-SHA256 ...", x_amz_date="20260101T000000Z", user_agent="Boto3")
            answered = await data.handle(request, REGION)
            assert {name for name, _ in containers[0].seen[0].headers} == {"host", "content-length"}
            assert answered.header(b"set-cookie") is None
            assert answered.header(b"server") is None

    run(main())


def test_every_containers_time_is_told_in_microseconds() -> None:
    class Ticking(SystemClock):
        """Shows these times, one a look."""

        def __init__(self) -> None:
            # When the request was received, when the chain begins, after each container, when it was answered.
            self.times_s: Iterator[float] = iter([0.0, 0.0, 0.0, 0.001210, 0.002022, 0.002662, 0.002700])

        def monotonic_s(self) -> float:
            return next(self.times_s)

    async def main() -> None:
        chain = (echo(), echo(), echo())
        async with pipeline(*chain) as containers, plane(*one_variant(containers), clock=Ticking()) as data:
            answered = await data.handle(invoke(), REGION)
            assert answered.header(b"x-local-container-latency-us") == b"featurize=1210,predict=812,label=640"

    run(main())


@pytest.mark.parametrize("status", [400, 404, 415, 499])
def test_a_client_error_of_any_container_aborts_the_chain(status: int) -> None:
    async def main() -> None:
        body = b"Content-type application/json not supported."
        async with (
            pipeline(echo(), answer(status, body), echo()) as containers,
            plane(*one_variant(containers)) as data,
        ):
            _, _, members = error(await data.handle(invoke(), REGION))
            message = f'Received client error ({status}) from predict with message "{body.decode()}". {SEE}'
            assert members["Message"] == message
            assert members["OriginalStatusCode"] == status
            assert members["OriginalMessage"] == body.decode()
            assert members["ErrorCode"] == "CLIENT_ERROR_FROM_MODEL"
            assert containers[2].seen == []

    run(main())


@pytest.mark.parametrize("status", [500, 503, 302])
def test_a_server_error_of_a_container(status: int) -> None:
    async def main() -> None:
        members = await failing_chain(echo(), echo(), answer(status, b"no luck"))
        assert members["Message"] == f'Received server error ({status}) from label with message "no luck". {SEE}'
        assert (members["OriginalStatusCode"], members["OriginalMessage"]) == (status, "no luck")
        assert members["ErrorCode"] == "SERVER_ERROR_FROM_MODEL"

    run(main())


@pytest.mark.parametrize("behaviour", [die(), die_mid_answer()], ids=["before it answers", "while it answers"])
def test_a_container_that_dies(behaviour: Behaviour) -> None:
    async def main() -> None:
        members = await failing_chain(echo(), behaviour)
        words = "An error occurred while handling request as the model process exited."
        assert members["Message"] == f'Received server error (0) from predict with message "{words}". {SEE}'
        assert (members["OriginalStatusCode"], members["OriginalMessage"]) == (0, words)

    run(main())


def test_a_container_that_is_not_there() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        gone = VariantRoute("AllTraffic", 1.0, (Instance("i-0", (Hop("predict", "127.0.0.1", port),)),))
        async with plane(gone) as data:
            _, _, members = error(await data.handle(invoke(), REGION))
            assert "Received server error (0) from primary" in members["Message"]
            assert "model process exited" in members["Message"]

    run(main())


def test_a_container_that_talks_nonsense() -> None:
    async def main() -> None:
        members = await failing_chain(raw(b"SSH-2.0-OpenSSH_9.2\r\n"), echo())
        assert "Received server error (0) from featurize" in members["Message"]
        assert "not valid HTTP" in members["OriginalMessage"]

    run(main())


def test_all_containers_together_have_the_invoke_timeout() -> None:
    async def main() -> None:
        settings = Settings(data_dir=Path("unused"), invoke_timeout_s=0.1)
        members = await failing_chain(echo(), hang(), settings=settings)
        words = (
            "Your invocation timed out while waiting for a response from container predict. Review the latency metrics "
            "for each container in Amazon CloudWatch, resolve the issue, and try again."
        )
        assert members["Message"] == f'Received server error (0) from predict with message "{words}". {SEE}'
        assert members["OriginalStatusCode"] == 0

    run(main())


def test_the_only_container_of_a_model_is_called_primary() -> None:
    async def main() -> None:
        members = await failing_chain(answer(500, b"oh"))
        assert members["Message"].startswith('Received server error (500) from primary with message "oh".')
        async with pipeline(echo()) as containers, plane(*one_variant(containers)) as data:
            answered = await data.handle(invoke(), REGION)
            latency = answered.header(b"x-local-container-latency-us") or b""
            assert re.fullmatch(rb"primary=\d+", latency)

    run(main())


def test_what_is_too_large_to_be_handed_on_names_both_containers() -> None:
    async def main() -> None:
        settings = Settings(data_dir=Path("unused"), max_hop_body_bytes=5_000_000)
        members = await failing_chain(answer(200, b"x" * 6_000_000), echo(), settings=settings)
        assert members["Message"] == (
            "Received response from featurize with status code 200. However, the request payload from featurize to "
            f"predict is 6000000 bytes, which has exceeded the maximum limit of 5 MB. {SEE}"
        )
        assert members["OriginalStatusCode"] == 200

    run(main())


def test_the_limit_between_containers_does_not_bind_the_last_answer_or_a_body_of_just_that_size() -> None:
    async def main() -> None:
        settings = Settings(data_dir=Path("unused"), max_hop_body_bytes=10)
        chain = (answer(200, b"x" * 10), answer(200, b"y" * 1000))
        async with pipeline(*chain) as containers, plane(*one_variant(containers), settings=settings) as data:
            answered = await data.handle(invoke(), REGION)
            assert (answered.status, len(answered.body)) == (200, 1000)

    run(main())

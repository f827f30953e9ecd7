"""InvokeEndpoint: what is looked up, refused and answered around the chain."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.http1.server import start_server
from include.sagemaker_local.routes import Hop, Instance, VariantRoute
from include.sagemaker_local.settings import Settings
from tests.fakes.containers import answer, echo, in_turn, serving
from tests.fakes.invocations import REGION, error, hops, invoke, one_variant, pipeline, plane, run


def test_an_endpoint_that_is_not_there() -> None:
    async def main() -> None:
        async with plane() as data:
            for name, region in (("roses", REGION), ("flowers", "us-east-1")):
                request = invoke(target=f"/endpoints/{name}/invocations".encode())
                status, kind, members = error(await data.handle(request, region))
                assert (status, kind) == (400, "ValidationError")
                assert members["Message"] == f"Endpoint {name} of account 123456789012 not found."

    run(main())


def test_the_name_in_the_path_is_decoded() -> None:
    async def main() -> None:
        async with pipeline(echo()) as containers, plane(*one_variant(containers)) as data:
            assert (await data.handle(invoke(target=b"/endpoints/fl%6Fwers/invocations"), REGION)).status == 200

    run(main())


def test_a_body_over_the_limit_is_refused_and_one_of_just_the_limit_is_not() -> None:
    async def main() -> None:
        settings = Settings(data_dir=Path("unused"), max_invoke_body_bytes=100)
        async with pipeline(echo()) as containers, plane(*one_variant(containers), settings=settings) as data:
            assert (await data.handle(invoke(b"x" * 100), REGION)).status == 200
            status, kind, members = error(await data.handle(invoke(b"x" * 101), REGION))
            assert (status, kind) == (413, None)
            assert members["Message"] == "HTTP content length exceeded 100 bytes."
            assert len(containers[0].seen) == 1

    run(main())


def test_target_variant_is_honoured() -> None:
    async def main() -> None:
        async with pipeline(answer(200, b"blue"), answer(200, b"green")) as (blue, green):
            variants = (
                VariantRoute("blue", 1.0, (Instance("i-0", hops([blue])),)),
                VariantRoute("green", 0.0, (Instance("i-1", hops([green])),)),
            )
            async with plane(*variants) as data:
                assert (await data.handle(invoke(), REGION)).body == b"blue"
                answered = await data.handle(invoke(x_amzn_sagemaker_target_variant="green"), REGION)
                assert answered.body == b"green"
                assert answered.header(b"x-amzn-invoked-production-variant") == b"green"
                request = invoke(x_amzn_sagemaker_target_variant="red")
                status, kind, members = error(await data.handle(request, REGION))
                assert (status, kind) == (400, "ValidationError")
                assert members["Message"] == "Variant red not found in endpoint flowers. Its variants: blue, green."

    run(main())


def test_variants_share_by_weight() -> None:
    async def main() -> None:
        points = iter([0.0, 0.74, 0.75, 0.99])
        async with pipeline(answer(200, b"blue"), answer(200, b"green")) as (blue, green):
            variants = (
                VariantRoute("blue", 3.0, (Instance("i-0", hops([blue])),)),
                VariantRoute("green", 1.0, (Instance("i-1", hops([green])),)),
            )
            async with plane(*variants, chance=lambda: next(points)) as data:
                picked = [(await data.handle(invoke(), REGION)).body for _ in range(4)]
                assert picked == [b"blue", b"blue", b"green", b"green"]

    run(main())


def test_a_busy_instance_is_passed_over_until_it_is_free_again() -> None:
    async def main() -> None:
        may_end, begun = asyncio.Event(), asyncio.Event()

        async def slow(request: Request) -> Response:
            begun.set()
            await may_end.wait()
            return Response(200, body=b"slow")

        first = await start_server(slow, max_body_bytes=100)
        async with serving(in_turn(answer(200, b"other"))) as second:
            addresses = (Hop("predict", "127.0.0.1", first.port), Hop("predict", "127.0.0.1", second.port))
            instances = tuple(Instance(f"i-{number}", (hop,)) for number, hop in enumerate(addresses))
            async with plane(VariantRoute("AllTraffic", 1.0, instances)) as data:
                waiting = asyncio.ensure_future(data.handle(invoke(), REGION))
                await begun.wait()
                assert [(await data.handle(invoke(), REGION)).body for _ in range(3)] == [b"other"] * 3
                may_end.set()
                assert (await waiting).body == b"slow"
                assert (await data.handle(invoke(), REGION)).body == b"slow"
        await first.close(0)

    run(main())


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        (invoke(target=b"/endpoints/flowers/async-invocations"), "InvokeEndpointAsync"),
        (
            invoke(target=b"/endpoints/flowers/invocations-bidirectional-stream"),
            "InvokeEndpointWithBidirectionalStream",
        ),
        (invoke(x_amzn_sagemaker_accept="text/csv"), "x-amzn-sagemaker-accept"),
        (invoke(x_amzn_sagemaker_target_model="a.tar.gz"), "x-amzn-sagemaker-target-model"),
        (invoke(x_amzn_sagemaker_inference_component="c"), "x-amzn-sagemaker-inference-component"),
        (invoke(x_amzn_sagemaker_session_id="NEW_SESSION"), "x-amzn-sagemaker-session-id"),
        (invoke(x_amzn_sagemaker_enable_explanations="`true`"), "x-amzn-sagemaker-enable-explanations"),
    ],
)
def test_what_is_not_there_yet_is_refused_by_name(request_: Request, named: str) -> None:
    async def main() -> None:
        async with pipeline(echo()) as containers, plane(*one_variant(containers)) as data:
            status, kind, members = error(await data.handle(request_, REGION))
            assert (status, kind) == (400, "ValidationError")
            assert named in members["Message"]
            assert containers[0].seen == []

    run(main())


@pytest.mark.parametrize(
    "request_",
    [
        Request(b"GET", b"/endpoints/flowers/invocations", []),
        invoke(target=b"/endpoints/flowers/predictions"),
        invoke(target=b"/endpoints/flowers"),
        invoke(target=b"/endpoints/flowers/invocations/more"),
    ],
)
def test_paths_that_the_api_does_not_have(request_: Request) -> None:
    async def main() -> None:
        async with plane() as data:
            status, kind, members = error(await data.handle(request_, REGION))
            assert (status, kind) == (404, "UnknownOperationException")
            assert request_.target.decode() in members["Message"]

    run(main())


def test_custom_attributes_that_are_too_long_are_refused() -> None:
    async def main() -> None:
        async with pipeline(echo()) as containers, plane(*one_variant(containers)) as data:
            fits = invoke(x_amzn_sagemaker_custom_attributes="a" * 1024)
            assert (await data.handle(fits, REGION)).status == 200
            too_long = invoke(x_amzn_sagemaker_custom_attributes="a" * 1025)
            status, kind, members = error(await data.handle(too_long, REGION))
            assert (status, kind) == (400, "ValidationError")
            assert "'customAttributes'" in members["Message"]

    run(main())


@pytest.mark.parametrize(
    ("inference_id", "said"),
    [
        ("x" * 65, "Member must have length less than or equal to 64"),
        ("", "Member must have length greater than or equal to 1"),
        ("\xfc", r"Member must satisfy regular expression pattern: \p{ASCII}*"),
    ],
)
def test_an_inference_id_that_the_api_does_not_allow_is_refused(inference_id: str, said: str) -> None:
    async def main() -> None:
        async with pipeline(echo()) as containers, plane(*one_variant(containers)) as data:
            answered = await data.handle(invoke(x_amzn_sagemaker_inference_id="x" * 64), REGION)
            assert answered.status == 200
            assert containers[0].seen[0].header("x-amzn-sagemaker-inference-id") == "x" * 64
            _, kind, members = error(await data.handle(invoke(x_amzn_sagemaker_inference_id=inference_id), REGION))
            assert kind == "ValidationError"
            assert members["Message"].endswith(f"at 'inferenceId' failed to satisfy constraint: {said}")

    run(main())


def test_request_ids_differ() -> None:
    async def main() -> None:
        async with plane() as data:
            answers = [await data.handle(invoke(target=b"/endpoints/none/invocations"), REGION) for _ in range(3)]
            ids = {answered.header(b"x-amzn-requestid") for answered in answers}
            assert len(ids) == 3
            for each in ids:
                assert re.fullmatch(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", each or b"")

    run(main())


def test_boto3_reads_answers_and_errors() -> None:
    boto3 = pytest.importorskip("boto3", reason="boto3 belongs to the Airflow half's requirements")
    config = pytest.importorskip("botocore.config").Config(retries={"total_max_attempts": 1})

    def drive(port: int) -> None:
        runtime = boto3.client(
            "sagemaker-runtime",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=config,
        )
        answered = runtime.invoke_endpoint(EndpointName="flowers", Body=b"1,2", ContentType="text/csv")
        assert answered["Body"].read() == b"1,2"
        assert answered["InvokedProductionVariant"] == "AllTraffic"
        assert answered["ContentType"] == "text/csv"
        with pytest.raises(runtime.exceptions.ModelError) as model_error:
            runtime.invoke_endpoint(EndpointName="flowers", Body=b"1,2")
        members = model_error.value.response
        assert members["OriginalStatusCode"] == 415
        assert members["OriginalMessage"] == "no"
        assert members["LogStreamArn"].endswith("/aws/sagemaker/Endpoints/flowers")
        assert 'client error (415) from primary with message "no"' in str(model_error.value)
        with pytest.raises(runtime.exceptions.ValidationError, match=r"Endpoint roses of account \d+ not found"):
            runtime.invoke_endpoint(EndpointName="roses", Body=b"1,2")
        with pytest.raises(runtime.exceptions.ClientError, match=r"\(413\).*HTTP content length exceeded 100 bytes"):
            runtime.invoke_endpoint(EndpointName="flowers", Body=b"x" * 101)

    async def main() -> None:
        settings = Settings(data_dir=Path("unused"), max_invoke_body_bytes=100)
        async with (
            pipeline(in_turn(echo(), answer(415, b"no"))) as containers,
            plane(*one_variant(containers), settings=settings) as data,
        ):
            gateway = await start_server(lambda request: data.handle(request, REGION), max_body_bytes=1000)
            await asyncio.to_thread(drive, gateway.port)
            await gateway.close(0)

    run(main())

"""An endpoint on fake containers together with CloudWatch, on one URL, for boto3; the test says what time it is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from include.sagemaker_local.aws.alarm_archive import AlarmArchive
from include.sagemaker_local.aws.metric_alarms import MotoAlarmBook
from include.sagemaker_local.aws.mount import AwsMount
from include.sagemaker_local.aws.s3_archive import S3Archive
from include.sagemaker_local.aws.s3_memory import MotoMemory
from include.sagemaker_local.aws.s3_store import S3Store
from include.sagemaker_local.aws.services import create_app_with
from include.sagemaker_local.http1.messages import Request, Response
from include.sagemaker_local.http1.server import start_server
from include.sagemaker_local.metrics.publisher import Publisher
from include.sagemaker_local.metrics.series import Datum, MetricSeries
from include.sagemaker_local.metrics.tally import InvocationTally
from include.sagemaker_local.metrics.watching import AlarmWatch
from tests.fakes.aws_server import ACCOUNT
from tests.fakes.clock import ManualClock
from tests.fakes.containers import Behaviour, Reply, Seen
from tests.fakes.invocations import REGION, one_variant, pipeline, plane

INTERVAL_S = 60.0
_BOUND_S = 60


@dataclass
class Samples:
    """A sampler that gives what the test put there."""

    data: list[tuple[str, Datum]]

    async def sample(self) -> Sequence[tuple[str, Datum]]:
        return tuple(self.data)


@dataclass
class Observed:
    """What the test holds while its other hand is a boto3 client of `url`. `publish` ends the present minute."""

    url: str
    clock: ManualClock
    samples: Samples
    publish: Callable[[], None]


def taking(clock: ManualClock, seconds: float, behaviour: Behaviour) -> Behaviour:
    """A container that needs that long, on the test's clock."""

    def behave(seen: Seen) -> Reply | None:
        clock.advance(seconds)
        return behaviour(seen)

    return behave


def on_observed_endpoint(
    directory: Path, clock: ManualClock, behaviours: tuple[Behaviour, ...], test: Callable[[Observed], None]
) -> None:
    """Runs `test` on a thread of its own, against the endpoint `flowers` of one variant `AllTraffic`."""

    async def main() -> None:
        series, tally, samples = MetricSeries(), InvocationTally(), Samples([])
        archive = S3Archive(MotoMemory(ACCOUNT), S3Store(directory))
        kept = AlarmArchive(ACCOUNT, directory / "alarms.json")
        mount = AwsMount(archive, account_id=ACCOUNT, create_app=create_app_with(series, kept))
        alarms = AlarmWatch(MotoAlarmBook(ACCOUNT, kept), series)
        publisher = Publisher(tally, samples, series, alarms, clock, interval_s=INTERVAL_S)
        async with contextlib.AsyncExitStack() as opened:
            opened.callback(mount.close)
            await mount.load()
            containers = await opened.enter_async_context(pipeline(*behaviours))
            data = await opened.enter_async_context(plane(*one_variant(containers), clock=clock, observer=tally))

            async def handle(request: Request) -> Response:
                if request.target.startswith(b"/endpoints/"):
                    return await data.handle(request, REGION)
                return await mount.handle(request)

            server = await start_server(handle, max_body_bytes=1024 * 1024)
            opened.push_async_callback(server.close, 0)
            loop = asyncio.get_running_loop()

            def publish() -> None:
                clock.advance(INTERVAL_S - clock.now_s() % INTERVAL_S)
                asyncio.run_coroutine_threadsafe(publisher.publish(), loop).result(_BOUND_S)

            await asyncio.to_thread(test, Observed(f"http://127.0.0.1:{server.port}", clock, samples, publish))

    asyncio.run(asyncio.wait_for(main(), _BOUND_S))

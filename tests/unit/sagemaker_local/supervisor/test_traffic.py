from __future__ import annotations

import asyncio

from include.sagemaker_local.routes import Hop, Instance, Route, VariantRoute
from include.sagemaker_local.supervisor.traffic import Traffic


def route(instance: str, port: int = 1) -> Route:
    return Route("r", "e", "c", (VariantRoute("v", 1.0, (Instance(instance, (Hop("h", "127.0.0.1", port),)),)),))


def test_a_fleet_is_drained_when_its_last_request_is_answered_on_whatever_port_it_began() -> None:
    async def main() -> None:
        traffic = Traffic()
        assert await traffic.drained(route("i-1"), 0)
        first, second = traffic.enter(route("i-1", 1)), traffic.enter(route("i-1", 2))
        traffic.enter(route("i-2"))
        waiting = asyncio.create_task(traffic.drained(route("i-1"), 5))
        await asyncio.sleep(0)
        traffic.leave(first)
        await asyncio.sleep(0)
        assert not waiting.done()
        traffic.leave(second)
        assert await waiting
        assert not await traffic.drained(route("i-2"), 0.001)

    asyncio.run(main())

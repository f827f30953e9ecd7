from __future__ import annotations

import asyncio

from include.sagemaker_local.traffic import Traffic


def test_instances_are_drained_when_the_last_request_of_each_is_answered() -> None:
    async def main() -> None:
        traffic = Traffic()
        assert await traffic.drained(["i-1"], 0)
        for instance in ("i-1", "i-1", "i-2", "i-3"):
            traffic.enter(instance)
        waiting = asyncio.create_task(traffic.drained(["i-1", "i-2"], 5))
        for instance in ("i-1", "i-2"):
            await asyncio.sleep(0)
            traffic.leave(instance)
        await asyncio.sleep(0)
        assert not waiting.done()
        traffic.leave("i-1")
        assert await waiting
        assert not await traffic.drained(["i-3"], 0.001)
        assert await traffic.drained(["i-1", "i-2"], 0)
        assert traffic.under_way == {"i-3": 1}

    asyncio.run(main())


def test_a_request_that_comes_just_when_the_instance_became_idle_is_waited_for_too() -> None:
    async def main() -> None:
        traffic = Traffic()
        traffic.enter("i-1")
        waiting = asyncio.create_task(traffic.drained(["i-1"], 5))
        await asyncio.sleep(0)
        traffic.leave("i-1")
        traffic.enter("i-1")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
        traffic.leave("i-1")
        assert await waiting

    asyncio.run(main())

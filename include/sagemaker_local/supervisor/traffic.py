"""Counts the requests that each route is answering, so that a fleet is stopped only when it has answered them."""

from __future__ import annotations

import asyncio

from include.sagemaker_local.routes import Route


class Traffic:
    """Requests under way by route. Belongs to one event loop; costs two dictionary operations a request."""

    def __init__(self) -> None:
        self._under_way: dict[str, int] = {}
        self._idle: dict[str, asyncio.Event] = {}

    def enter(self, route: Route) -> str:
        """A request goes out on `route`. Returns what `leave` wants."""
        fleet = fleet_key(route)
        self._under_way[fleet] = self._under_way.get(fleet, 0) + 1
        return fleet

    def leave(self, fleet: str) -> None:
        """The request was answered."""
        left = self._under_way[fleet] - 1
        if left:
            self._under_way[fleet] = left
            return
        del self._under_way[fleet]
        idle = self._idle.pop(fleet, None)
        if idle is not None:
            idle.set()

    def under_way(self, route: Route) -> bool:
        """Whether a request on the route has not been answered yet."""
        return fleet_key(route) in self._under_way

    async def drained(self, route: Route, timeout_s: float) -> bool:
        """Waits until nothing is under way on the route, at most `timeout_s`; says whether that was so."""
        fleet = fleet_key(route)
        if fleet not in self._under_way:
            return True
        idle = self._idle.setdefault(fleet, asyncio.Event())
        try:
            async with asyncio.timeout(timeout_s):
                await idle.wait()
        except TimeoutError:
            return False
        return True


def fleet_key(route: Route) -> str:
    """What the route's requests are counted under: its drain key, or else the first instance's id."""
    return route.drain_key or route.variants[0].instances[0].instance_id

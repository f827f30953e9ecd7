"""Where requests for an endpoint go at this moment. The supervisor writes it, the data plane reads it.

A route is replaced as a whole. While a deployment shifts traffic it holds the variants of both fleets, each with its
part of the weight; a request goes to one instance and so sees one fleet and never a mixture.
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hop:
    """One container's listening address. `name` is what errors, logs and metrics call it."""

    name: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a variant: the whole chain, in order."""

    instance_id: str
    hops: tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class VariantRoute:
    """The instances of one production variant and its share of the traffic."""

    name: str
    weight: float
    instances: tuple[Instance, ...]
    config_name: str | None = None  # the EndpointConfig it belongs to; None means the route's
    direct: bool = False  # a request is for one container of an instance, which it names, and not for the chain


@dataclass(frozen=True, slots=True)
class Route:
    """All variants that serve one endpoint. A name may be there twice while a deployment shifts traffic."""

    region: str
    endpoint_name: str
    config_name: str
    variants: tuple[VariantRoute, ...]
    asynchronous: bool = False  # it takes asynchronous invocations only


class RouteTable:
    """The live routes by region and endpoint name."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], Route] = {}

    def get(self, region: str, endpoint_name: str) -> Route | None:
        """Where an endpoint's requests go now, or None when nothing serves it."""
        return self._routes.get((region, endpoint_name))

    def put(self, route: Route) -> None:
        """From now on requests take this route, in place of the one before."""
        self._routes[route.region, route.endpoint_name] = route

    def drop(self, region: str, endpoint_name: str) -> None:
        """Nothing serves the endpoint any more."""
        self._routes.pop((region, endpoint_name), None)

    def routes(self) -> list[Route]:
        """All of them."""
        return list(self._routes.values())

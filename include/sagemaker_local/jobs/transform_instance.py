"""One instance of a transform job's fleet: requests through its chain, tried again when it is the containers' fault."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from include.sagemaker_local.clock import Clock
from include.sagemaker_local.data.chain import Chain
from include.sagemaker_local.data.invocation import Invocation
from include.sagemaker_local.data.model_error import ModelError
from include.sagemaker_local.errors import ContainerError
from include.sagemaker_local.http1.client import HttpClient
from include.sagemaker_local.http1.errors import HttpError
from include.sagemaker_local.http1.messages import Request
from include.sagemaker_local.jobs.transform_request import TransformRequest, Tuning
from include.sagemaker_local.jobs.transform_tuning import MAX_MB, read_execution_parameters
from include.sagemaker_local.routes import Hop, Instance, RouteTable
from include.sagemaker_local.settings import MEBIBYTE, Settings

HopsOf: TypeAlias = Callable[[], Sequence[Hop]]
"""The addresses of an instance's containers, as they are at the moment."""

# A container that died is started again after about a second; the time of the next attempt doubles.
RETRY_DELAY_S = 1.0
# It is asked right after /ping, and its answer takes no work.
_PARAMETERS_TIMEOUT_S = 10.0


class FleetClient:
    """Asks the fleet that serves under `fleet_name`. The route is read anew each time: containers may move."""

    def __init__(
        self,
        client: HttpClient,
        routes: RouteTable,
        settings: Settings,
        clock: Clock,
        *,
        retry_delay_s: float = RETRY_DELAY_S,
    ) -> None:
        self._client = client
        self._routes = routes
        self._settings = settings
        self._clock = clock
        self._retry_delay_s = retry_delay_s

    def instances(self, region: str, fleet_name: str) -> Sequence[Instance]:
        """The instances as they are now. Raises ContainerError when the fleet does not serve."""
        route = self._routes.get(region, fleet_name)
        if route is None:
            raise ContainerError(fleet_name, "does not serve any more")
        return route.variants[0].instances

    def instance(self, region: str, fleet_name: str, position: int, request: TransformRequest) -> InstanceClient:
        """A client of the instance at `position`."""
        # InvokeEndpoint's limit between containers is below the default of MaxPayloadInMB. What holds for batches is
        # not published; here it is the most that MaxPayloadInMB may be.
        settings = replace(self._settings, invoke_timeout_s=request.timeout_s, max_hop_body_bytes=MAX_MB * MEBIBYTE)
        chain = Chain(self._client, settings, self._clock)

        def hops() -> Sequence[Hop]:
            return self.instances(region, fleet_name)[position].hops

        return InstanceClient(hops, chain, request, self._retry_delay_s)

    async def execution_parameters(self, region: str, fleet_name: str) -> Tuning:
        """What the first container, which gets the requests, answers at /execution-parameters; having none is fine."""
        hop = self.instances(region, fleet_name)[0].hops[0]
        asked = Request(b"GET", b"/execution-parameters", [])
        try:
            response = await self._client.request(hop.host, hop.port, asked, timeout_s=_PARAMETERS_TIMEOUT_S)
        except HttpError:
            return Tuning()
        return read_execution_parameters(response.body) if response.status == 200 else Tuning()


class InstanceClient:
    """Requests to one instance."""

    def __init__(self, hops: HopsOf, chain: Chain, request: TransformRequest, retry_delay_s: float) -> None:
        self._hops = hops
        self._chain = chain
        self._content_type = request.content_type.encode() if request.content_type else None
        self._accept = request.accept.encode() if request.accept else None
        self._max_retries = request.max_retries
        self._retry_delay_s = retry_delay_s

    async def ask(self, body: bytes) -> bytes:
        """The last container's answer. Raises ModelError when it is the request's fault, or no attempt is left."""
        invocation = Invocation(body, self._content_type, self._accept, [], None)
        for attempt in range(self._max_retries):
            try:
                return (await self._chain.run(self._hops(), invocation)).response.body
            except ModelError as error:
                if is_clients_fault(error):
                    raise
            await asyncio.sleep(self._retry_delay_s * 2**attempt)
        return (await self._chain.run(self._hops(), invocation)).response.body


def is_clients_fault(error: ModelError) -> bool:
    """Whether sending the same request again would be in vain: 4xx, but for 429, which asks for just that."""
    return 400 <= error.original_status < 500 and error.original_status != 429

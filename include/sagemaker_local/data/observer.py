"""Who wants to know of every invocation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from include.sagemaker_local.routes import Route, VariantRoute


class Observer(Protocol):
    """Counts invocations. It is called on the path of each, so it adds to numbers in memory and does nothing else."""

    def record(
        self,
        route: Route,
        variant: VariantRoute,
        failed_with: int | None,
        model_us: int,
        overhead_us: int,
        container_us: Sequence[tuple[str, int]],
    ) -> None:
        """One invocation that reached a variant, all times in microseconds.

        `failed_with` is None when every container answered 2xx, else the original status of the ModelError.
        `model_us` is what the containers took in all, `overhead_us` the rest of the time between receiving the request
        and having its answer, `container_us` the share of each container that answered, in order, with
        an error or without. On a variant that is invoked directly it is the one container that was asked, which after
        a failure took `model_us`.
        """

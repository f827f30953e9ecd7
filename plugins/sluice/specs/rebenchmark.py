"""How production's version is measured again from time to time, as a spec describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from sluice.fields.limits import Limit, check
from sluice.specs.benchmark import check_instance_types
from sluice.specs.schedule import AssetSchedule, check_schedule
from sluice.specs.service_limits import INSTANCE_TYPE


@dataclass(frozen=True, kw_only=True)
class RebenchmarkSpec:
    """When a twin of production's version is measured, and what is worth another promotion."""

    schedule: Annotated[
        str | AssetSchedule | None, Limit("Cron, an Airflow preset, {assets: [...]}, or null for manual runs only.")
    ] = "@monthly"
    max_drift_pct: Annotated[
        float, Limit("Latency may exceed that of the promotion by at most this many per cent.", minimum=0)
    ] = 15.0
    min_saving_pct: Annotated[
        float,
        Limit("Another instance type has to cost at least this many per cent less an hour.", minimum=0, maximum=100),
    ] = 10.0
    instance_types: Annotated[
        tuple[str, ...],
        Limit("Further instance types to look at, beside those of the version.", pattern=INSTANCE_TYPE, max_items=9),
    ] = ()

    def __post_init__(self) -> None:
        check(self)
        check_schedule(self.schedule)
        check_instance_types(self.instance_types)

"""When a promotion runs by itself: cron, one of Airflow's presets, or updated assets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from sluice.errors import SpecError
from sluice.fields.limits import Limit, check, did_you_mean

CRON_PRESETS = ("@once", "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")
"""Airflow's presets, except @continuous: a load test without end costs money without end."""
CRON_RANGES = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7))


@dataclass(frozen=True, kw_only=True)
class AssetSchedule:
    """Run when all of these Airflow assets have been updated."""

    assets: Annotated[tuple[str, ...], Limit("Asset URIs or names.", pattern=r"\S+", max_length=1500, min_items=1)]

    def __post_init__(self) -> None:
        check(self)


def check_schedule(schedule: str | AssetSchedule | None) -> None:
    """SpecError when a text is neither a preset nor five cron fields within their ranges."""
    if not isinstance(schedule, str):
        return
    if schedule.startswith("@"):
        if schedule not in CRON_PRESETS:
            hint = did_you_mean(schedule, CRON_PRESETS)
            raise SpecError("schedule", f"{schedule!r} is none of the presets {', '.join(CRON_PRESETS)}{hint}")
        return
    cron = schedule.split()
    if len(cron) != len(CRON_RANGES):
        raise SpecError("schedule", f"{schedule!r} is no cron expression: it has {len(cron)} fields and not 5")
    for text, (name, lowest, highest) in zip(cron, CRON_RANGES, strict=True):
        _check_cron_field(text, name, lowest, highest)


def _check_cron_field(text: str, name: str, lowest: int, highest: int) -> None:
    if not re.fullmatch(r"[0-9A-Za-z*/,#?-]+", text):
        raise SpecError("schedule", f"the {name} {text!r} is not cron")
    for number in re.findall(r"(?<![/#\d])\d+", text):  # after / stands a step and after # an occurrence
        if not lowest <= int(number) <= highest:
            raise SpecError("schedule", f"the {name} {text!r} is outside {lowest} to {highest}")

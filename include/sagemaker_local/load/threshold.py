"""What a load test must not exceed or fall short of, such as `p95>200ms` or `errors>1%`.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from include.sagemaker_local.load.notation import duration_s
from include.sagemaker_local.load.stage import StageResult

_CONDITION = re.compile(r"\s*(p\d+(?:\.\d+)?|mean|max|errors|rps)\s*([<>])\s*(\d[\d.]*\s*[a-z%]*)\s*")
_FORMS = "p95>200ms (any percentile, mean, max), errors>1% or rps<500"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A condition that fails a test. `limit` is in milliseconds, percent (`errors`) or requests a second (`rps`)."""

    text: str
    metric: str
    above: bool
    limit: float

    @property
    def unit(self) -> str:
        """What the limit is counted in."""
        return {"errors": "%", "rps": "requests/s"}.get(self.metric, "ms")

    def is_crossed(self, observed: float | None) -> bool:
        """Whether what was observed fails the test. What could not be observed does."""
        if observed is None:
            return True
        return observed > self.limit if self.above else observed < self.limit

    def observed(self, stage: StageResult | None) -> float | None:
        """The stage's figure, in the unit of the limit; None when it has none."""
        if stage is None:
            return None
        if self.metric == "errors":
            return 100 * stage.failure_share
        if self.metric == "rps":
            return stage.per_second
        if not stage.latency.count:
            return None
        if self.metric == "mean":
            return stage.latency.mean_us() / 1000
        percent = 100.0 if self.metric == "max" else float(self.metric[1:])
        return stage.latency.percentile_us(percent) / 1000


def threshold(text: str) -> Threshold:
    """The condition that `text` writes. Raises ValueError when it is none."""
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a condition such as {_FORMS}")
    metric, sign, limit = found[1], found[2], found[3].replace(" ", "")
    return Threshold(text.strip(), metric, sign == ">", _limit(metric, limit, text))


def _limit(metric: str, limit: str, text: str) -> float:
    try:
        if metric == "errors" and limit.endswith("%"):
            return float(limit[:-1])
        if metric == "rps":
            return float(limit)
        if metric not in ("errors", "rps") and not limit[-1].isdigit():  # 200 could be meant as seconds or milliseconds
            percent = float(metric[1:]) if metric.startswith("p") else 100.0
            if 0 < percent <= 100:
                return duration_s(limit) * 1000
    except ValueError:
        pass  # said below, with the whole condition
    raise ValueError(f"{text!r} is not a condition such as {_FORMS}")


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition and what was observed, in `unit`; None when there was no figure, which fails the test too."""

    fail_if: str
    observed: float | None
    unit: str
    crossed: bool


def judge(thresholds: Sequence[Threshold], stage: StageResult | None) -> tuple[Judged, ...]:
    """What the telling stage says to each condition."""
    observed = [(each, each.observed(stage)) for each in thresholds]
    return tuple(Judged(each.text, figure, each.unit, each.is_crossed(figure)) for each, figure in observed)

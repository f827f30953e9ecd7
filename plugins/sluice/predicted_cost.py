"""What a promotion will cost, before it is started, and what its last load test did cost. Estimates, in USD. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sluice.api_responses import Answer
from sluice.list_prices import REGION, usd_per_hour
from sluice.metrics import number_text
from sluice.spec import Fleet, PipelineSpec, Stage
from sluice.staging_spec import AfterGate

DEFAULT_JOB_MINUTES = 45
"""AWS's sample archived/auto-scaling/optimize_endpoint_scaling.ipynb: a Default job takes up to 45 minutes."""
HOURS_A_MONTH = 730
"""365 days of 24 hours, in twelve parts."""
ESTIMATED = f"estimated, by AWS's list prices of {REGION}"

Row = tuple[str, str]


@dataclass(frozen=True)
class Use:
    """Instances for a time."""

    instance_type: str
    instances: int
    hours: float

    @property
    def instance_hours(self) -> float:
        """Instances x hours."""
        return self.instances * self.hours

    @property
    def usd(self) -> float | None:
        """None for a type whose price is not known."""
        price = usd_per_hour(self.instance_type)
        return None if price is None else price * self.instance_hours


def predicted_rows(spec: PipelineSpec) -> list[Row]:
    """The load test, staging and production, each with what it will cost."""
    return [
        ("load test costs", f"about {_bill(load_test(spec))}, {ESTIMATED}"),
        ("staging costs", _staging(spec)),
        ("production costs", _production(spec)),
    ]


def load_test(spec: PipelineSpec) -> tuple[Use, ...]:
    """Our assumption: one instance of each type for as long as a Default job takes, or for each test of an Advanced
    one as long as its traffic. Staging's own time is in its own row.
    """
    benchmark = spec.benchmark
    if benchmark.traffic is None:
        return tuple(Use(each, 1, DEFAULT_JOB_MINUTES / 60) for each in benchmark.instance_types)
    hours = benchmark.traffic.duration_s / 3600
    return tuple(Use(each.instance_type, 1, each.tests * hours) for each in benchmark.configurations)


def measured_row(answer: Answer, staging: Fleet) -> Row | None:
    """What a job that has ended took, from DescribeInferenceRecommendationsJob; None when it does not say its times."""
    created, completed = answer.get("CreationTime"), answer.get("CompletionTime")
    if not isinstance(created, datetime) or not isinstance(completed, datetime):
        return None
    hours = (completed - created).total_seconds() / 3600
    uses = [Use(staging.instance_type, staging.instances, hours)]
    for item in answer.get("InferenceRecommendations") or ():
        configuration = item.get("EndpointConfiguration") or {}
        begun, ended = item.get("InvocationStartTime"), item.get("InvocationEndTime")
        if "InstanceType" in configuration and isinstance(begun, datetime) and isinstance(ended, datetime):
            loaded = (ended - begun).total_seconds() / 3600
            # Our assumption: InitialInstanceCount is what is recommended for production, and one instance was loaded.
            uses.append(Use(configuration["InstanceType"], 1, loaded))
    return (
        "its last load test",
        f"{answer['JobName']} took {_bill(uses)}, {ESTIMATED}; the time that instances take to start is not in it",
    )


def _staging(spec: PipelineSpec) -> str:
    told = _hourly(spec.fleet(Stage.STAGING))
    return told if spec.staging.after_gate is AfterGate.KEEP else f"{told}; it is deleted when the gate has spoken"


def _production(spec: PipelineSpec) -> str:
    if not spec.production.is_chosen:
        return _hourly(spec.fleet(Stage.PRODUCTION))
    priced = {each: usd_per_hour(each) for each in spec.benchmark.instance_types}
    listed = ", ".join(f"{name} {_usd(price)}/h" for name, price in priced.items())
    return f"an instance of {listed}; each run chooses type and number"


def _hourly(fleet: Fleet) -> str:
    hour = Use(fleet.instance_type, fleet.instances, 1)
    if hour.usd is None:
        return f"not known: {fleet.instance_type} is not in the list of prices"
    return f"{_usd(hour.usd)}/h, {_usd(hour.usd * HOURS_A_MONTH)} a month, {ESTIMATED}"


def _bill(uses: Sequence[Use]) -> str:
    hours = number_text(round(sum(use.instance_hours for use in uses), 3))
    known = [use.usd for use in uses if use.usd is not None]
    unknown = sorted({use.instance_type for use in uses if use.usd is None})
    missing = f" and the price of {', '.join(unknown)}, which is not in the list" if unknown else ""
    return f"{hours} instance-hours, {_usd(sum(known))}{missing}"


def _usd(amount: float | None) -> str:
    return "? USD" if amount is None else f"{number_text(round(amount, 3))} USD"

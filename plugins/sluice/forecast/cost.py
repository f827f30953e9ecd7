"""What a promotion will cost, before it is started, and what its last load test did cost. Estimates, in USD. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sluice.forecast.list_prices import REGION, usd_per_hour
from sluice.gate.metrics import number_text
from sluice.responses.resources import Answer
from sluice.specs.benchmark import BenchmarkSpec
from sluice.specs.pipeline import Fleet, PipelineSpec, Stage
from sluice.specs.staging import AfterGate

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
    tests = load_test(spec)
    costs = f"about {_bill(tests)}"
    if spec.candidates:
        costs += f" for each of {len(spec.candidates)} candidates; together {_bill(tests * len(spec.candidates))}"
    return [
        ("load test costs", f"{costs}, {ESTIMATED}"),
        ("staging costs", _staging(spec)),
        ("production costs", production_costs(spec)),
    ]


def rebenchmark_row(spec: PipelineSpec, instance_types: Sequence[str]) -> Row:
    """What one measurement of production's version costs among these types, with the twin's own time."""
    if spec.production.is_chosen:
        return "a run costs", f"about {_bill(load_test(spec, instance_types))} and the twin's time, {ESTIMATED}"
    fleet = spec.fleet(Stage.STAGING)
    # Our assumption: an Advanced job's tests go side by side, so that the twin is there as long as one of them.
    twin = Use(fleet.instance_type, fleet.instances, _test_hours(spec.benchmark))
    return "a run costs", f"about {_bill([twin, *load_test(spec, instance_types)])} with the twin, {ESTIMATED}"


def load_test(spec: PipelineSpec, instance_types: Sequence[str] = ()) -> tuple[Use, ...]:
    """Our assumption: one instance of each type for as long as a Default job takes, or for each test of an Advanced
    one as long as its traffic. `instance_types` are those that the job is given, the spec's when there are none.
    Staging's own time is in its own row.
    """
    benchmark, hours = spec.benchmark, _test_hours(spec.benchmark)
    if benchmark.is_advanced:
        tested = benchmark.configurations_with(instance_types)
        return tuple(Use(each.instance_type, 1, each.tests * hours) for each in tested)
    return tuple(Use(each, 1, hours) for each in instance_types or benchmark.instance_types)


def _test_hours(benchmark: BenchmarkSpec) -> float:
    return benchmark.traffic.duration_s / 3600 if benchmark.traffic else DEFAULT_JOB_MINUTES / 60


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
    if spec.candidates:
        number = spec.staging.candidates_at_once or len(spec.candidates)
        return f"{told}; for each of {number} endpoints at a time, which are deleted when their load tests are over"
    return told if spec.staging.after_gate is AfterGate.KEEP else f"{told}; it is deleted when the gate has spoken"


def production_costs(spec: PipelineSpec) -> str:
    """What production costs an hour and a month, or one instance of each type that a run may choose."""
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

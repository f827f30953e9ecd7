"""What a job tells while it runs: its log streams, its metrics, and whether its figures are doubtful."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.errors import ContainerError
from include.sagemaker_local.jobs.results import WARNING_KEY
from include.sagemaker_local.lifecycle import JobStatus
from tests.fakes.log_sink import RememberedLogs
from tests.fakes.recommendation_bench import JobBench
from tests.fakes.recommendations import ENDPOINT, REGION, endpoint_record


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[JobBench]:
    bench = JobBench(tmp_path)
    bench.package("ml.c5.large")
    bench.store.add_endpoint(endpoint_record())
    yield bench
    bench.store.close()


def epc(bench: JobBench) -> str:
    """The name of the endpoint that the job has made."""
    return str(bench.benchmark(-1)["EndpointConfiguration"]["EndpointName"])


def test_the_job_s_stream_says_what_was_scheduled_and_how_it_ended(bench: JobBench) -> None:
    bench.run(endpoint=ENDPOINT)

    lines = bench.log("execution")
    assert lines[0] == "The job has 2 tests; 1 at a time."
    assert lines[1] == "scheduled: endpoint staging, as staging"
    assert lines[2].startswith("endpoint staging: 12000 invocations a minute with 2 users, 10 ms (model 10.0 ms)")
    assert lines[3] == f"scheduled: ml.c5.large, as {epc(bench)}"
    assert lines[-1] == "The job is complete."


def test_every_test_has_a_stream_of_its_own(bench: JobBench) -> None:
    bench.run(endpoint=ENDPOINT)

    lines = bench.log(f"Endpoint/{epc(bench)}")
    assert lines[0] == "starting one ml.c5.large"
    assert lines[2].startswith("this host has no core besides the instance's")
    assert lines[3] == "1 users: 6000 invocations a minute, p50 10.0 ms, p95 10.0 ms, 0 failed"
    assert lines[-1] == "cleaned up"
    assert bench.log(f"Endpoint/{ENDPOINT}")[1].startswith("1 users: 6000 invocations a minute")


def test_it_is_told_which_cores_the_load_comes_from(bench: JobBench) -> None:
    bench.free_cores = (2, 3)
    bench.run(endpoint=ENDPOINT)

    told = "load generator and gateway run on core(s) 2, 3, apart from the instance's"
    assert [told in bench.log(f"Endpoint/{name}") for name in (ENDPOINT, epc(bench))] == [True, True]
    assert {plan.cores for plan in bench.drive.plans} == {(2, 3)}


def test_failure_reasons_are_there_in_full_whatever_the_api_can_hold(bench: JobBench) -> None:
    bench.fleets.refusals["ml.c5.large"] = ContainerError("predict", "x" * 3000)

    outcome = bench.run()

    assert len(str(outcome.failure_reason)) == 1024
    assert any("x" * 3000 in line for line in bench.log("execution"))


def test_a_job_that_fails_before_any_test_says_why(bench: JobBench) -> None:
    bench.objects.objects = {}

    bench.run()

    (line,) = bench.log("execution")
    assert line.startswith("The job failed before any test: there is no object at s3://")


def test_a_log_that_cannot_be_written_does_not_end_a_measurement(bench: JobBench) -> None:
    class Full(RememberedLogs):
        def publish(self, region: str, group: str, stream: str, lines: Sequence[str]) -> None:
            raise OSError("no memory today")

    bench.logs = Full()

    assert bench.run().failure_reason is None


def test_every_test_s_load_is_in_the_metrics(bench: JobBench) -> None:
    bench.run(endpoint=ENDPOINT)

    of = {dict(metric.dimensions)["EndpointName"] for metric in bench.series.metrics(REGION)}
    assert of == {ENDPOINT, epc(bench)}


def test_utilisation_is_that_of_the_stage_which_the_figures_come_from(bench: JobBench) -> None:
    """Stages last 10 s each; the plateau begins with the second."""
    bench.meter.busy_cpus, bench.meter.busier_per_s = 0.0, 0.1

    outcome = bench.run()

    metrics: Any = outcome.recommendations[0]["Metrics"]
    assert metrics["CpuUtilization"] == pytest.approx(150)  # from 100 at its begin to 200 at its end
    assert metrics["MemoryUtilization"] == 25


@pytest.mark.parametrize(
    ("counts", "during", "before"),
    [
        ([12, 12 + 340 + 8], 340, 12),  # 8 users were the most, whose last requests may be in nobody's count
        ([0, 9], 1, 0),
        ([3, 3], 0, 3),
    ],
)
def test_other_traffic_is_warned_of_in_both_logs_and_in_the_first_step(
    bench: JobBench, counts: list[int], during: int, before: int
) -> None:
    bench.traffic.counts = counts

    outcome = bench.run(endpoint=ENDPOINT)

    assert outcome.failure_reason is None
    (parameter,) = bench.benchmark(0)["ModelConfiguration"]["EnvironmentParameters"]
    assert (bench.steps()[0].status, parameter["Key"]) == (JobStatus.COMPLETED, WARNING_KEY)
    assert f"answered {during} requests during the test and {before} in the 5 minutes" in parameter["Value"]
    assert parameter["Value"] in bench.log("execution")
    assert parameter["Value"] in bench.log(f"Endpoint/{ENDPOINT}")
    assert bench.benchmark(1)["ModelConfiguration"] == {}


@pytest.mark.parametrize("counts", [[0, 0], [0, 8]])
def test_an_endpoint_that_nobody_else_asks_is_not_warned_of(bench: JobBench, counts: list[int]) -> None:
    bench.traffic.counts = counts

    bench.run(endpoint=ENDPOINT)

    assert bench.benchmark(0)["ModelConfiguration"] == {}
    assert {(region, name) for region, name, _ in bench.traffic.asked} == {(REGION, ENDPOINT)}


def test_the_last_five_minutes_before_the_test_are_looked_at(bench: JobBench) -> None:
    now_s = bench.clock.now_s()

    bench.run(endpoint=ENDPOINT)

    assert [since_s for _, _, since_s in bench.traffic.asked] == [pytest.approx(now_s - 300)] * 2

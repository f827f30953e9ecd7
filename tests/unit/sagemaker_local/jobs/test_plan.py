from __future__ import annotations

from typing import Any

from include.sagemaker_local.jobs.host import Host
from include.sagemaker_local.jobs.plan import Benchmark, EndpointBenchmark, InstanceBenchmark, plan_benchmarks
from include.sagemaker_local.jobs.request import parse_request
from tests.fakes.recommendations import job_record

SMALL = Host(cores=2, memory_gib=7.7)


def plan(*package_types: str, host: Host = SMALL, **job: Any) -> tuple[Benchmark, ...]:
    return plan_benchmarks(parse_request(job_record(**job).accepted), package_types, host).benchmarks


def refusal(benchmark: Benchmark) -> str:
    assert isinstance(benchmark, InstanceBenchmark)
    assert benchmark.refusal is not None
    return benchmark.refusal


def test_the_existing_endpoint_comes_first_then_the_package_s_types_in_its_order() -> None:
    assert plan("ml.m5.large", "ml.c5.large", endpoint="staging") == (
        EndpointBenchmark("staging"),
        InstanceBenchmark("ml.m5.large"),
        InstanceBenchmark("ml.c5.large"),
    )


def test_the_request_s_types_go_before_the_package_s() -> None:
    wanted = [{"InstanceType": "ml.c5.large"}]

    assert plan("ml.m5.large", EndpointConfigurations=wanted) == (InstanceBenchmark("ml.c5.large"),)


def test_without_any_wish_a_few_types_are_taken_that_this_host_can_hold() -> None:
    assert plan() == (InstanceBenchmark("ml.c5.large"), InstanceBenchmark("ml.m5.large"))
    assert len(plan(host=Host(cores=64, memory_gib=512))) == 3


def test_without_any_wish_even_the_smallest_host_gets_an_answer() -> None:
    (only,) = plan(host=Host(cores=1, memory_gib=1))

    assert "this host has 1 cores and 1.0 GiB" in refusal(only)


def test_a_type_named_twice_is_measured_once() -> None:
    assert plan("ml.c5.large", "ml.c5.large") == (InstanceBenchmark("ml.c5.large"),)


def test_every_combination_of_environment_values_is_a_benchmark() -> None:
    wanted = [
        {
            "InstanceType": "ml.c5.large",
            "EnvironmentParameterRanges": {
                "CategoricalParameterRanges": [
                    {"Name": "A", "Value": ["1", "2"]},
                    {"Name": "B", "Value": ["x", "y"]},
                ]
            },
        }
    ]

    environments = [
        each.environment for each in plan(EndpointConfigurations=wanted) if isinstance(each, InstanceBenchmark)
    ]

    assert environments == [
        (("A", "1"), ("B", "x")),
        (("A", "1"), ("B", "y")),
        (("A", "2"), ("B", "x")),
        (("A", "2"), ("B", "y")),
    ]


def test_what_cannot_be_measured_stays_in_the_plan_and_says_why() -> None:
    larger, burstable, unknown, accelerated = plan("ml.c5.xlarge", "ml.t2.medium", "ml.c8g.large", "ml.g4dn.xlarge")

    assert "ml.c5.xlarge has 4 vCPUs and 8 GiB of memory, this host has 2 cores and 7.7 GiB" in refusal(larger)
    assert refusal(burstable) == "Burstable instance type ml.t2.medium is not allowed."
    assert "ml.c8g.large is not in the price table" in refusal(unknown)
    assert "1 accelerator(s)" in refusal(accelerated)


def test_serverless_configurations_are_refused() -> None:
    (serverless,) = plan(EndpointConfigurations=[{"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}])

    assert "Serverless endpoints do not support inference pipelines" in refusal(serverless)


def test_an_additional_specification_is_a_test_of_its_own() -> None:
    own, fast = plan(
        EndpointConfigurations=[
            {"InstanceType": "ml.c5.large"},
            {"InstanceType": "ml.c5.large", "InferenceSpecificationName": "fast"},
        ]
    )

    assert (own, fast) == (InstanceBenchmark("ml.c5.large"), InstanceBenchmark("ml.c5.large", specification="fast"))
    assert (own.label, fast.label) == ("ml.c5.large", "ml.c5.large fast")


def test_tests_are_limited_by_the_request_and_by_the_length_of_the_result() -> None:
    many = [f"ml.x{number}.large" for number in range(20)]

    request = parse_request(job_record(endpoint="staging", ResourceLimit={"MaxNumberOfTests": 2}).accepted)
    limited = plan_benchmarks(request, tuple(many), SMALL)

    assert len(plan(*many)) == 10
    assert (len(limited.benchmarks), limited.limit) == (1 + 2, 2)
    assert [each.instance_type for each in limited.left_out] == many[2:]

"""What a job leaves in S3: the whole measurement that the API's few numbers were read off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.jobs.measurement import SCHEMA, place
from include.sagemaker_local.load.document import read_document
from tests.fakes.objects import DictObjects
from tests.fakes.recommendation_bench import JobBench
from tests.fakes.recommendations import ENDPOINT, endpoint_record

FOLDER = "s3://models/inference-recommendations-jobs/job/"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[JobBench]:
    bench = JobBench(tmp_path)
    bench.package("ml.c5.large", "ml.c5.4xlarge")
    bench.store.add_endpoint(endpoint_record())
    yield bench
    bench.store.close()


def stored(bench: JobBench, folder: str = FOLDER) -> Any:
    return json.loads(bench.objects.read(f"{folder}job.json"))


@pytest.mark.parametrize(
    ("output_uri", "folder"),
    [
        (None, "s3://models/a/inference-recommendations-jobs/job/"),
        ("s3://out", "s3://out/job/"),
        ("s3://out/here/", "s3://out/here/job/"),
    ],
)
def test_it_lies_where_the_job_says_or_else_beside_the_payload(output_uri: str | None, folder: str) -> None:
    assert place(output_uri, "s3://models/a/payload.tar.gz", "job") == folder


def test_the_job_s_document_has_every_step_as_the_api_shows_it(bench: JobBench) -> None:
    outcome = bench.run(endpoint=ENDPOINT)

    job = stored(bench)
    assert (job["schema"], job["name"], job["status"], job["failure_reason"]) == (SCHEMA, "job", "COMPLETED", None)
    assert [test["status"] for test in job["tests"]] == ["COMPLETED", "COMPLETED", "FAILED"]
    assert [test["benchmark"] for test in job["tests"]] == [step.benchmark for step in bench.steps()]
    assert job["recommendations"] == list(outcome.recommendations)
    assert "this host has 2 cores" in job["tests"][2]["benchmark"]["FailureReason"]
    assert job["tests"][2]["document"] is None  # nothing was loaded


def test_every_test_s_document_holds_its_stages_histograms_and_seconds(bench: JobBench) -> None:
    bench.run(endpoint=ENDPOINT)

    for test in stored(bench)["tests"][:2]:
        measured = read_document(bench.objects.read(test["document"]))
        stage = measured.telling_stage
        assert stage is not None
        assert test["benchmark"]["Metrics"]["MaxInvocations"] == int(stage.per_second * 60)
        assert stage.latency.count == stage.succeeded > 0
        assert [each.users for each in measured.stages] == [1, 2, 4, 8]
        assert len(measured.timeline) == 4
        assert measured.target["endpoint"] == test["benchmark"]["EndpointConfiguration"]["EndpointName"]
        assert measured.course["kind"] == "ramp"


def test_the_figures_have_bounds_and_percentiles_beside_the_api_s_two_scalars(bench: JobBench) -> None:
    bench.run(endpoint=ENDPOINT)

    first, _, refused = (test["figures"] for test in stored(bench)["tests"])
    assert first["max_invocations"]["value"] == 12_000
    assert set(first["max_invocations"]) == {"value", "low", "high"}
    assert first["model_latency_ms"].keys() == {"mean", "low", "high", "p50", "p90", "p95", "p99"}
    assert first["model_latency_ms"]["p95"] == pytest.approx(10, rel=0.01)
    assert refused is None


def test_what_is_not_available_is_null_since_json_has_no_nan(bench: JobBench) -> None:
    bench.meter.busy_cpus = None

    bench.run()

    metrics = stored(bench)["tests"][0]["benchmark"]["Metrics"]
    assert (metrics["CpuUtilization"], metrics["MemoryUtilization"]) == (None, None)


def test_warnings_are_in_both_documents(bench: JobBench) -> None:
    bench.traffic.counts = [5]

    bench.run(endpoint=ENDPOINT)

    first = stored(bench)["tests"][0]
    assert first["warnings"][0].startswith("Warning: besides this job's load")
    assert read_document(bench.objects.read(first["document"])).warnings == tuple(first["warnings"])


def test_a_failed_job_s_measurement_is_stored_too(bench: JobBench) -> None:
    bench.run(endpoint="gone", output_uri="s3://out")

    job = stored(bench, "s3://out/job/")
    assert job["status"] == "FAILED"
    assert "Could not find endpoint gone" in job["failure_reason"]


def test_the_log_says_where_it_is_and_a_bucket_that_is_not_there_costs_no_result(bench: JobBench) -> None:
    class Full(DictObjects):
        async def write(self, uri: str, content: bytes) -> None:
            raise ArtifactError(f"{uri} could not be written: NoSuchBucket")

    bench.run()
    assert f"The measurement is at {FOLDER}job.json" in bench.log("execution")

    bench.objects = Full(bench.objects.objects)
    outcome = bench.run(name="next")
    assert len(outcome.recommendations) == 1
    (line,) = [line for line in bench.log("execution", "next") if "could not be stored" in line]
    assert "NoSuchBucket" in line

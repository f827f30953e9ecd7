"""What a transform job sends and stores."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from include.sagemaker_local.jobs.transform import LOG_GROUP
from include.sagemaker_local.lifecycle import TransformStatus
from tests.fakes.containers import Behaviour, Reply, Seen, answer, die, echo, hang, in_turn
from tests.fakes.transform_bench import Bench, within_limit
from tests.fakes.waiting import until


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    bench = Bench(tmp_path)
    yield bench
    bench.store.close()


def test_a_pipeline_transforms_the_files_of_a_prefix(bench: Bench) -> None:
    bench.objects.objects["s3://in/data/sub/b.csv"] = b"9\n"
    bench.add(output={"Accept": "text/csv"})
    seen = bench.run([echo(prefix=b"f"), echo(prefix=b"p")])
    assert bench.results == {
        "s3://out/results/a.csv.out": b"pf1\n2\n3\n",
        "s3://out/results/sub/b.csv.out": b"pf9\n",
    }
    assert {one.header("content-type") for one in seen} == {"text/csv"}
    job = bench.job()
    assert job.started_at_s is not None
    assert job.ended_at_s is not None


def test_the_fleet_is_what_the_job_asked_for(bench: Bench) -> None:
    bench.add(
        resources={"InstanceType": "ml.m5.xlarge", "InstanceCount": 2},
        Environment={"STAGE": "batch", "B": "2"},
        MaxPayloadInMB=1,
    )
    bench.run([echo()], [echo()])
    (deployment,) = bench.fleets.opened
    (variant,) = deployment.variants
    assert (variant.instance_type, variant.instance_count) == ("ml.m5.xlarge", 2)
    batch = {"STAGE": "batch", "B": "2", "SAGEMAKER_BATCH": "true", "SAGEMAKER_MAX_PAYLOAD_IN_MB": "1"}
    assert [dict(container.environment) for container in variant.containers] == [batch, batch]
    assert deployment.logs is not None
    assert deployment.logs.group == LOG_GROUP


def test_single_records_at_the_same_time_come_back_in_order(bench: Bench) -> None:
    count = 200
    bench.objects.objects["s3://in/data/a.csv"] = b"".join(b"%d\n" % number for number in range(count))
    bench.add(BatchStrategy="SingleRecord", MaxConcurrentTransforms=8)
    seen = bench.run([echo(prefix=b"x")])
    assert len(seen) == count
    expected = b"".join(b"x%d\n" % number for number in range(count))
    assert bench.results == {"s3://out/results/a.csv.out": expected}


def test_no_more_requests_at_a_time_than_asked_for(bench: Bench) -> None:
    for number in range(6):
        bench.objects.objects[f"s3://in/data/{number}.csv"] = b"1\n2\n3\n4\n"
    bench.add(BatchStrategy="SingleRecord", MaxConcurrentTransforms=3)

    async def scenario() -> None:
        async with bench.runner([echo()]) as ((container,),):
            await bench.until(TransformStatus.COMPLETED)
            assert (
                container.connections <= 3 + 1
            )  # a connection carries one request at a time; one asked for parameters

    within_limit(scenario())


def test_files_are_shared_out_among_the_instances(bench: Bench) -> None:
    for number in range(20):
        bench.objects.objects[f"s3://in/data/{number}.csv"] = b"1\n"
    bench.add(resources={"InstanceCount": 2})

    async def scenario() -> None:
        async with bench.runner([echo()], [echo()]) as ((first,), (second,)):
            await bench.until(TransformStatus.COMPLETED)
            assert first.seen
            assert second.seen

    within_limit(scenario())
    assert len(bench.results) == 21


def parameters(body: bytes) -> Behaviour:
    """A container that has /execution-parameters."""

    def behave(seen: Seen) -> Reply | None:
        reply = answer(200, body, content_type="application/json") if seen.method == "GET" else echo()
        return reply(seen)

    return behave


def test_the_container_may_say_how_it_wants_to_be_asked(bench: Bench) -> None:
    bench.add()
    said = b'{"MaxConcurrentTransforms": 2, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 5}'
    assert {one.body for one in bench.run([parameters(said)])} == {b"1\n", b"2\n", b"3\n"}
    (lines,) = (lines for (group, stream), lines in bench.logs.lines.items() if stream.endswith("/data-log"))
    assert lines[0].endswith(
        ":[sagemaker logs]: MaxConcurrentTransforms=2, MaxPayloadInMB=5, BatchStrategy=SINGLE_RECORD"
    )


def reject(word: bytes, status: int = 400) -> Behaviour:
    """Refuses a body that holds `word`."""

    def behave(seen: Seen) -> Reply | None:
        return (answer(status, b"cannot read it") if word in seen.body else echo())(seen)

    return behave


def test_a_bad_file_loses_its_own_results_and_no_others(bench: Bench) -> None:
    bench.objects.objects.update({"s3://in/data/b.csv": b"1\nbad\n", "s3://in/data/c.csv": b"4\n"})
    bench.add(BatchStrategy="SingleRecord")
    seen = bench.run([reject(b"bad")], status=TransformStatus.FAILED)
    assert bench.results == {"s3://out/results/a.csv.out": b"1\n2\n3\n", "s3://out/results/c.csv.out": b"4\n"}
    assert bench.job().failure_reason == (
        "ClientError: See job logs for more information. 1 of 3 files failed; the first was s3://in/data/b.csv: "
        'Received client error (400) from primary with message "cannot read it".'
    )
    assert [one.body for one in seen].count(b"bad\n") == 1  # the request's fault: asking again would be in vain
    ((_, stream), lines) = next(iter(bench.logs.lines.items()))
    assert stream.startswith("job/i-0-")
    assert [line.partition(":[sagemaker logs]: ")[2] for line in lines[1:]] == [
        "in/data/b.csv: ClientError: 400",
        "in/data/b.csv: Message:",
        'in/data/b.csv: Received client error (400) from primary with message "cannot read it".',
    ]


def test_a_bad_file_is_told_of_while_the_others_are_still_worked_on(bench: Bench) -> None:
    bench.objects.objects = {"s3://in/data/a.csv": b"bad\n", "s3://in/data/b.csv": b"wait\n", "s3://out/x": b""}
    bench.add(BatchStrategy="SingleRecord")

    def behave(seen: Seen) -> Reply | None:
        return None if b"wait" in seen.body else reject(b"bad")(seen)

    async def scenario() -> None:
        async with bench.runner([behave]) as ((container,),):
            await until(lambda: any(b"wait" in one.body for one in container.seen), "the second file is under way")
            (lines,) = bench.logs.lines.values()
            assert "in/data/a.csv: ClientError: 400" in lines[1]

    within_limit(scenario())


def test_a_bad_record_ends_the_work_on_its_file(bench: Bench) -> None:
    bench.objects.objects["s3://in/data/a.csv"] = b"bad\n" + b"1\n" * 1000
    bench.add(BatchStrategy="SingleRecord")
    assert len(bench.run([reject(b"bad")], status=TransformStatus.FAILED)) == 1


@pytest.mark.parametrize("failing", [answer(500), answer(429), die()], ids=["error", "throttled", "death"])
def test_what_is_the_containers_fault_is_asked_again(bench: Bench, failing: Behaviour) -> None:
    bench.add(MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy="MultiRecord")
    bench.run([in_turn(failing, failing, failing, echo())])
    assert bench.results == {"s3://out/results/a.csv.out": b"1\n2\n3\n"}


@pytest.mark.parametrize(("retries", "asked"), [(0, 1), (2, 3), (None, 4)])
def test_only_so_often(bench: Bench, retries: int | None, asked: int) -> None:
    config: dict[str, Any] = {} if retries is None else {"ModelClientConfig": {"InvocationsMaxRetries": retries}}
    bench.add(**config)
    assert len(bench.run([answer(500, b"oh")], status=TransformStatus.FAILED)) == asked
    assert str(bench.job().failure_reason).startswith("AlgorithmError: See job logs for more information. 1 of 1 files")


def test_a_container_that_takes_too_long(bench: Bench) -> None:
    bench.add(
        ModelClientConfig={"InvocationsTimeoutInSeconds": 1, "InvocationsMaxRetries": 0},
        MaxConcurrentTransforms=1,
        MaxPayloadInMB=6,
        BatchStrategy="MultiRecord",
    )
    bench.run([hang()], status=TransformStatus.FAILED)
    assert "Your invocation timed out while waiting for a response" in str(bench.job().failure_reason)


def test_gzip_and_join(bench: Bench) -> None:
    bench.objects.objects = {"s3://in/data/a.csv.gz": gzip.compress(b"id1,5\nid2,6\n"), "s3://out/x": b""}
    bench.add(
        source={"CompressionType": "Gzip"},
        output={"Accept": "text/csv"},
        DataProcessing={"InputFilter": "$[1]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    )
    seen = bench.run([echo()])
    assert [one.body for one in seen] == [b"5\n6\n"]
    assert bench.results["s3://out/results/a.csv.gz.out"] == b"id1,5\nid2,6\n"


def test_files_without_records_have_empty_results(bench: Bench) -> None:
    empty = {"s3://in/data/a.csv": b"", "s3://in/data/b.csv": b"\n\n"}
    bench.objects.objects = {**empty, "s3://out/x": b""}
    bench.add()
    assert bench.run([echo()]) == []
    assert bench.results == {"s3://out/results/a.csv.out": b"", "s3://out/results/b.csv.out": b"", "s3://out/x": b""}


def test_a_file_that_a_manifest_lists_and_that_is_not_there(bench: Bench) -> None:
    bench.objects.objects["s3://in/m.json"] = b'[{"prefix": "s3://in/data/"}, "a.csv", "gone.csv"]'
    bench.add(s3={"S3DataType": "ManifestFile", "S3Uri": "s3://in/m.json"})
    bench.run([echo()], status=TransformStatus.FAILED)
    assert list(bench.results) == ["s3://out/results/a.csv.out"]
    assert "s3://in/data/gone.csv: there is no object" in str(bench.job().failure_reason)

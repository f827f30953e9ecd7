"""Records, requests, results and names of a transform job: everything that can be said without a container."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from include.sagemaker_local.errors import ArtifactError
from include.sagemaker_local.jobs.transform_batches import Batch, RecordTooLarge, batches, lines
from include.sagemaker_local.jobs.transform_output import assembled, output_uri
from include.sagemaker_local.jobs.transform_request import Tuning
from include.sagemaker_local.jobs.transform_rows import RowError
from include.sagemaker_local.jobs.transform_source import find_source, read_file
from include.sagemaker_local.jobs.transform_tuning import (
    BadTuning,
    Requests,
    batch_environment,
    read_execution_parameters,
    settle,
)
from tests.fakes.objects import DictObjects
from tests.fakes.transforms import transform_request

MIB = 1024 * 1024
MULTI = Requests(max_concurrent=1, max_payload_mb=6, single_record=False)
SINGLE = Requests(max_concurrent=1, max_payload_mb=6, single_record=True)
JSON_LINES: dict[str, Any] = {
    "source": {"ContentType": "application/jsonlines"},
    "output": {"Accept": "application/jsonlines"},
}
CSV: dict[str, Any] = {"output": {"Accept": "text/csv"}}


def bodies(content: bytes, requests: Requests = MULTI, **changes: Any) -> list[bytes]:
    return [batch.body for batch in batches(content, transform_request(**changes), requests)]


# -- records and requests


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"a", [b"a\n"]),
        (b"a\n", [b"a\n"]),
        (b"a\nb\n", [b"a\n", b"b\n"]),
        (b"a\n\nb\n\n", [b"a\n", b"b\n"]),
        (b"a\r\n\r\nb\r\n", [b"a\r\n", b"b\r\n"]),
        (b"a\rb\n", [b"a\rb\n"]),
        (b"\n", []),
    ],
)
def test_lines(content: bytes, expected: list[bytes]) -> None:
    assert lines(content) == expected


def test_multi_record_puts_as_many_lines_into_a_request_as_fit() -> None:
    line = b"x" * (MIB - 1) + b"\n"
    two_mb = Requests(1, 2, False)
    assert [len(body) for body in bodies(line * 5, two_mb)] == [2 * MIB, 2 * MIB, MIB]
    assert bodies(b"a\nb\nc\n") == [b"a\nb\nc\n"]


def test_single_record_sends_one_line_a_request() -> None:
    assert bodies(b"a\nb\nc", SINGLE) == [b"a\n", b"b\n", b"c\n"]


def test_without_a_split_the_file_is_the_record() -> None:
    assert bodies(b"a\n\nb", source={"SplitType": "None"}) == [b"a\n\nb"]
    assert bodies(b"", source={"SplitType": "None"}) == []


@pytest.mark.parametrize("split", ["None", "Line"])
def test_a_record_that_is_too_large_for_a_request(split: str) -> None:
    with pytest.raises(RecordTooLarge, match=r"record 1 has .* \(6 MB\)"):
        bodies(b"x" * (6 * MIB + 1), source={"SplitType": split})


def test_a_payload_of_0_means_no_limit() -> None:
    content = (b"x" * MIB + b"\n") * 8
    assert bodies(content, Requests(1, 0, False)) == [content]


# -- filters and joins


@pytest.mark.parametrize(
    ("path", "sent"),
    [("$[1:]", b"1,2\n3,4\n"), ("$[0]", b"a\nb\n"), ("$[0,-1]", b"a,2\nb,4\n"), ("$", b"a,1,2\nb,3,4\n")],
)
def test_an_input_filter_on_csv(path: str, sent: bytes) -> None:
    assert bodies(b"a,1,2\nb,3,4\n", DataProcessing={"InputFilter": path}, **CSV) == [sent]


def test_an_input_filter_on_json_lines() -> None:
    content = b'{"id": 1, "x": [1, 2]}\n{"id": 2, "x": [3]}\n'
    assert bodies(content, DataProcessing={"InputFilter": "$.x"}, **JSON_LINES) == [b"[1, 2]\n[3]\n"]


def test_an_input_filter_on_a_whole_json_file() -> None:
    source = {"ContentType": "application/json", "SplitType": "None"}
    sent = bodies(b'{"a": 1,\n "b": 2}', source=source, DataProcessing={"InputFilter": "$['b']"})
    assert [json.loads(body) for body in sent] == [2]


def test_a_quoted_cell_stays_one_cell() -> None:
    assert bodies(b'"x, y",1,2\n', DataProcessing={"InputFilter": "$[0,2]"}, **CSV) == [b'"x, y",2\n']


@pytest.mark.parametrize(
    ("content", "changes", "reason"),
    [
        (b"1,2\n", {"DataProcessing": {"InputFilter": "$[5]"}, **CSV}, "InputFilter, record 1: .*no position 5"),
        (
            b"{}\nnope\n",
            {"DataProcessing": {"InputFilter": "$.*"}, **JSON_LINES},
            "record 2 is not application/jsonlines",
        ),
    ],
)
def test_a_filter_that_does_not_fit(content: bytes, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(RowError, match=reason):
        bodies(content, **changes)


def transformed(content: bytes, answers: list[bytes], requests: Requests = MULTI, **changes: Any) -> bytes:
    """What a file becomes whose requests got these answers."""
    request = transform_request(**changes)
    return assembled(batches(content, request, requests), answers, request)


JOIN = {"JoinSource": "Input"}


def test_joined_csv_is_the_whole_input_row_and_then_the_output() -> None:
    processing = {**JOIN, "InputFilter": "$[1:]"}
    content = b"id1,1,2\nid2,3,4\n"
    assert transformed(content, [b"0.1\n0.2\n"], DataProcessing=processing, **CSV) == b"id1,1,2,0.1\nid2,3,4,0.2\n"


def test_the_output_filter_sees_the_joined_row() -> None:
    processing = {**JOIN, "OutputFilter": "$[0,-1]"}
    assert transformed(b"id1,1,2\n", [b"0.1"], DataProcessing=processing, **CSV) == b"id1,0.1\n"


def test_the_output_filter_alone_sees_the_output() -> None:
    assert transformed(b"id1,1\n", [b"0.1,0.9\n"], DataProcessing={"OutputFilter": "$[1]"}, **CSV) == b"0.9\n"


@pytest.mark.parametrize(
    ("record", "answer", "joined"),
    [
        (b'{"id": 1}', b'{"score": 2}', {"id": 1, "SageMakerOutput": {"score": 2}}),
        (b"[1, 2]", b"3", {"SageMakerInput": [1, 2], "SageMakerOutput": 3}),
        (b'"text"', b'["x"]', {"SageMakerInput": "text", "SageMakerOutput": ["x"]}),
    ],
)
def test_joined_json(record: bytes, answer: bytes, joined: Any) -> None:
    assert json.loads(transformed(record, [answer], SINGLE, DataProcessing=JOIN, **JSON_LINES)) == joined


def test_one_json_array_answers_all_records_of_a_request() -> None:
    kinds: dict[str, Any] = {"source": {"ContentType": "application/json"}, "output": {"Accept": "application/json"}}
    out = transformed(
        b'{"a": 1}\n{"a": 2}\n', [b"[10, 20]"], DataProcessing={**JOIN, "OutputFilter": "$.SageMakerOutput"}, **kinds
    )
    assert out == b"10\n20\n"


def test_a_join_follows_every_request_of_the_file() -> None:
    out = transformed(b"a\nb\nc\n", [b"1\n", b"2\n", b"3"], SINGLE, DataProcessing=JOIN, **CSV)
    assert out == b"a,1\nb,2\nc,3\n"


def test_a_join_of_a_file_without_a_split() -> None:
    kinds: dict[str, Any] = {"source": {"SplitType": "None"}, "output": {"Accept": "text/csv", "AssembleWith": "None"}}
    assert transformed(b"a\nb\n", [b"1\n2\n"], DataProcessing=JOIN, **kinds) == b"a,1\nb,2\n"


@pytest.mark.parametrize(
    ("answer", "changes", "reason"),
    [
        (b"1\n", {"DataProcessing": JOIN, **CSV}, "2 records was answered with 1"),
        (b"1\n2\n3\n", {"DataProcessing": JOIN, **CSV}, "2 records was answered with 3"),
        (
            b"1\n2\n",
            {"DataProcessing": {**JOIN, "OutputFilter": "$[7]"}, **CSV},
            "OutputFilter, result 1: .*position 7",
        ),
        (b"<html>\n", {"DataProcessing": {"OutputFilter": "$[0]"}, **JSON_LINES}, "result 1 is not application/jsonl"),
    ],
)
def test_answers_that_do_not_fit(answer: bytes, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(RowError, match=reason):
        transformed(b'"a"\n"b"\n', [answer], **changes)


# -- results


@pytest.mark.parametrize(("assemble", "expected"), [("None", b"ab\nc"), (None, b"ab\nc"), ("Line", b"a\nb\nc\n")])
def test_assembling(assemble: str | None, expected: bytes) -> None:
    request = transform_request(output={"AssembleWith": assemble})
    assert assembled([Batch(b"")] * 3, [b"a", b"b\n", b"c"], request) == expected


@pytest.mark.parametrize(
    ("base", "source", "expected"),
    [
        ("s3://in/data/", "s3://in/data/a.csv", "s3://out/results/a.csv.out"),
        ("s3://in/data", "s3://in/data/a.csv", "s3://out/results/data/a.csv.out"),
        ("s3://in/data/", "s3://in/data/2026/11/a.csv", "s3://out/results/2026/11/a.csv.out"),
        ("s3://in/data/a.csv", "s3://in/data/a.csv", "s3://out/results/a.csv.out"),
        ("s3://in/data/part-", "s3://in/data/part-1.csv.gz", "s3://out/results/part-1.csv.gz.out"),
        ("s3://in", "s3://in/a.csv", "s3://out/results/a.csv.out"),
        ("s3://in/", "s3://in/a.csv", "s3://out/results/a.csv.out"),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_names_of_results(base: str, source: str, expected: str, slash: str) -> None:
    assert output_uri(f"s3://out/results{slash}", base, source) == expected


# -- files


def test_a_prefix_stands_for_all_that_begins_with_it_but_folders() -> None:
    objects = DictObjects({f"s3://in/data/{name}": b"" for name in ("b.csv", "a.csv", "", "sub/", "sub/c.csv")})
    objects.objects["s3://in/database.csv"] = b""
    found = find_source(transform_request(), objects)
    assert found.uris == ("s3://in/data/a.csv", "s3://in/data/b.csv", "s3://in/data/sub/c.csv")
    assert find_source(transform_request(s3={"S3Uri": "s3://in/data"}), objects).uris[-1] == "s3://in/database.csv"


def test_a_manifest_lists_its_files() -> None:
    manifest = json.dumps([{"prefix": "s3://in/data/"}, "b.csv", "sub/a.csv", "b.csv"]).encode()
    request = transform_request(s3={"S3DataType": "ManifestFile", "S3Uri": "s3://in/m.json"})
    found = find_source(request, DictObjects({"s3://in/m.json": manifest}))
    assert (found.base_uri, found.uris) == ("s3://in/data/", ("s3://in/data/b.csv", "s3://in/data/sub/a.csv"))


@pytest.mark.parametrize(
    "manifest",
    [b"no", b"{}", b"[]", b'["a"]', b'[{"prefix": 1}, "a"]', b'[{"prefix": "s3://b/"}]', b'[{"prefix": "s3://b/"}, 1]'],
)
def test_what_is_no_manifest(manifest: bytes) -> None:
    request = transform_request(s3={"S3DataType": "ManifestFile", "S3Uri": "s3://in/m.json"})
    with pytest.raises(ArtifactError, match=r"s3://in/m\.json is no manifest"):
        find_source(request, DictObjects({"s3://in/m.json": manifest}))


def test_nothing_to_transform() -> None:
    with pytest.raises(ArtifactError, match="there are no objects under s3://in/data/"):
        find_source(transform_request(), DictObjects({"s3://in/other": b""}))


def test_gzip() -> None:
    objects = DictObjects({"s3://in/a.gz": gzip.compress(b"a\n") + gzip.compress(b"b\n"), "s3://in/b.gz": b"plain"})
    assert read_file("s3://in/a.gz", objects, unpack=True) == b"a\nb\n"
    assert read_file("s3://in/b.gz", objects, unpack=False) == b"plain"
    with pytest.raises(ArtifactError, match=r"s3://in/b\.gz is not gzip"):
        read_file("s3://in/b.gz", objects, unpack=True)


# -- how many, how large


@pytest.mark.parametrize(
    ("asked", "container", "settled"),
    [
        (Tuning(), Tuning(), "MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD"),
        (Tuning(), Tuning(8, 5, True), "MaxConcurrentTransforms=8, MaxPayloadInMB=5, BatchStrategy=SINGLE_RECORD"),
        (
            Tuning(2, 7, False),
            Tuning(8, 5, True),
            "MaxConcurrentTransforms=2, MaxPayloadInMB=7, BatchStrategy=MULTI_RECORD",
        ),
        (
            Tuning(max_payload_mb=0),
            Tuning(8, 5, None),
            "MaxConcurrentTransforms=8, MaxPayloadInMB=0, BatchStrategy=MULTI_RECORD",
        ),
    ],
)
def test_the_job_comes_before_the_container_and_the_container_before_the_defaults(
    asked: Tuning, container: Tuning, settled: str
) -> None:
    assert str(settle(asked, container)) == settled


def test_no_more_than_100_mb_at_a_time() -> None:
    assert settle(Tuning(max_payload_mb=10), Tuning(max_concurrent=10)).max_concurrent == 10
    with pytest.raises(BadTuning, match="11 requests at a time of 10 MB each are more than the 100 MB"):
        settle(Tuning(max_payload_mb=10), Tuning(max_concurrent=11))


def test_containers_see_what_the_user_set_and_no_more() -> None:
    assert batch_environment(Tuning()) == {"SAGEMAKER_BATCH": "true"}
    assert batch_environment(Tuning(4, 0, True)) == {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "0",
        "SAGEMAKER_BATCH_STRATEGY": "SINGLE_RECORD",
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "4",
    }
    assert batch_environment(Tuning(single_record=False))["SAGEMAKER_BATCH_STRATEGY"] == "MULTI_RECORD"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"MaxConcurrentTransforms":8,"BatchStrategy":"MULTI_RECORD","MaxPayloadInMB":6}', Tuning(8, 6, False)),
        (b'{"BatchStrategy": "SINGLE_RECORD"}', Tuning(None, None, True)),
        (b'{"MaxConcurrentTransforms": 0, "MaxPayloadInMB": -1, "BatchStrategy": 1}', Tuning()),
        (b'{"MaxConcurrentTransforms": true, "MaxPayloadInMB": "6"}', Tuning()),
        (b"[1]", Tuning()),
        (b"<html>", Tuning()),
        (b"\xff", Tuning()),
    ],
)
def test_execution_parameters(body: bytes, said: Tuning) -> None:
    assert read_execution_parameters(body) == said


def test_defaults_of_the_request() -> None:
    request = transform_request()
    assert (request.timeout_s, request.max_retries, request.tuning) == (600.0, 3, Tuning())
    asked = transform_request(
        ModelClientConfig={"InvocationsTimeoutInSeconds": 5, "InvocationsMaxRetries": 0}, MaxConcurrentTransforms=0
    )
    assert (asked.timeout_s, asked.max_retries, asked.tuning) == (5.0, 0, Tuning())

"""Records, requests, results and names of a transform job."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.sagemaker_local.jobs.transform_batches import Batch, RecordTooLarge, batches, grouped, lines, whole_lines
from include.sagemaker_local.jobs.transform_output import assembled, output_uri
from include.sagemaker_local.jobs.transform_rows import RowError
from include.sagemaker_local.jobs.transform_tuning import Requests
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


@pytest.mark.parametrize("max_payload_mb", [0, 1])
@pytest.mark.parametrize(
    "content",
    [
        b"a\nb",
        b"a\n\nb\n\n",
        b"\n",
        b"\r\na\r\n\r\nb\r\n",
        b"a\n\r",
        b"a\rb\n",
        b"\n\n\na",
        b"a" * (MIB - 2) + b"\nb\nc\n",
    ],
    ids=range(8),
)
def test_cutting_between_lines_gives_the_same_requests_as_putting_lines_together(
    content: bytes, max_payload_mb: int
) -> None:
    requests = Requests(1, max_payload_mb, False)
    one_by_one = lines(content)
    assert list(whole_lines(content, requests)) == [
        b"".join(one_by_one[first:end]) for first, end in grouped(one_by_one, requests)
    ]


def test_a_line_that_is_too_large_is_named_by_its_number() -> None:
    content = b"a\nb\n" + b"x" * MIB + b"\nc\n"
    for requests in (Requests(1, 1, False), Requests(1, 1, True)):
        with pytest.raises(RecordTooLarge, match=rf"record 3 has {MIB + 1} bytes"):
            bodies(content, requests)


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


def test_a_cell_may_be_large() -> None:
    cell = b"x" * (200 * 1024)
    for row in (b"1," + cell, b'1,"' + cell + b'"'):
        assert bodies(row + b"\n", DataProcessing={"InputFilter": "$[1]"}, **CSV) == [cell + b"\n"]


def test_an_empty_cell_alone_is_not_an_empty_line() -> None:
    assert bodies(b",1\n", DataProcessing={"InputFilter": "$[0]"}, **CSV) == [b'""\n']


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


def test_joining_whole_rows_leaves_their_text_alone() -> None:
    content = b'"a",  1 \r\n\xe9,"x, y"\r\n'
    assert transformed(content, [b"0.10\r\n0.2"], DataProcessing=JOIN, **CSV) == b'"a",  1 ,0.10\n\xe9,"x, y",0.2\n'


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

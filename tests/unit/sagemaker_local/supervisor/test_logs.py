from __future__ import annotations

from pathlib import Path

from include.sagemaker_local.supervisor.logs import MAX_BYTES_AT_ONCE, ContainerLog, container_stream
from tests.fakes.log_sink import RememberedLogs

PLACE = ("group", "stream")


def log_of(file: Path) -> tuple[ContainerLog, RememberedLogs]:
    sink = RememberedLogs()
    return ContainerLog(sink, file, region="eu-west-1", group="group", stream="stream"), sink


def test_only_new_whole_lines_are_shipped_and_the_rest_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "log"
    log, sink = log_of(file)
    assert not log.has_news()
    log.ship()
    file.write_bytes(b"one\ntw")
    log.ship()
    assert sink.lines[PLACE] == ["one"]
    with file.open("ab") as more:
        more.write(b"o\nthree")
    assert log.has_news()
    log.ship()
    assert sink.lines[PLACE] == ["one", "two"]
    log.ship(final=True)
    assert sink.lines[PLACE] == ["one", "two", "three"]
    assert not log.has_news()


def test_a_flood_is_cut_to_its_end_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "log"
    log, sink = log_of(file)
    file.write_bytes(b"0123456\n" * (MAX_BYTES_AT_ONCE // 8) + b"the last\n")
    log.ship()
    assert sink.lines[PLACE][0] == "... 9 bytes left out ..."
    assert sink.lines[PLACE][-1] == "the last"


def test_a_line_longer_than_one_look_and_bytes_that_are_no_text_do_not_stop_it(tmp_path: Path) -> None:
    file = tmp_path / "log"
    log, sink = log_of(file)
    file.write_bytes(b"x" * MAX_BYTES_AT_ONCE)
    log.ship()
    with file.open("ab") as more:
        more.write(b"\xff\n")
    log.ship()
    assert [len(line) for line in sink.lines[PLACE]] == [MAX_BYTES_AT_ONCE, 1]


def test_only_line_feeds_end_a_line(tmp_path: Path) -> None:
    file = tmp_path / "log"
    log, sink = log_of(file)
    file.write_bytes("10 %\r20 %\r\na\fb\u2028c\n\nlast".encode())
    log.ship(final=True)
    assert sink.lines[PLACE] == ["10 %\r20 %", "a\fb\u2028c", "", "last"]


def test_streams_are_named_as_on_aws() -> None:
    assert container_stream("v", "i-1", "label", alone=False) == "v/i-1/label"
    assert container_stream("v", "i-1", "container-1", alone=True) == "v/i-1"

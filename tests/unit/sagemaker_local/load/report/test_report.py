"""Figures, page and table of a load test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from include.sagemaker_local.load.course import ConstantRate, ConstantUsers, Course, Phase, Phases, Ramp, Stairs
from include.sagemaker_local.load.document import LoadTest
from include.sagemaker_local.load.marks import Marks
from include.sagemaker_local.load.progress import Progress
from include.sagemaker_local.load.report.figure import Figure, Line, Mark
from include.sagemaker_local.load.report.figures import figures_of
from include.sagemaker_local.load.report.live import live_line
from include.sagemaker_local.load.report.page import page
from include.sagemaker_local.load.report.svg import WIDTH, svg
from include.sagemaker_local.load.report.table import table
from include.sagemaker_local.load.report.words import course_text
from include.sagemaker_local.load.threshold import Judged
from include.sagemaker_local.load.timeline import Interval
from tests.fakes.load_tests import latencies, nothing_answered, ramp, steady

# So many nines that their texts have no room beside each other.
MANY = replace(steady(), stages=(replace(steady().stages[0], latency=latencies(1, 2000, times=1_000_000)),))

ALL = [ramp(), steady(), nothing_answered(), MANY, replace(ramp(), stages=(), timeline=(), telling=None)]


def figure(test: LoadTest, key: str) -> Figure:
    return next(each for each in figures_of(test) if each.key == key)


def line(test: LoadTest, key: str, name: str) -> Line:
    return next(each for each in figure(test, key).lines if each.name == name)


def test_a_ramp_has_all_figures_and_a_test_without_answers_those_it_has_numbers_for() -> None:
    assert [each.key for each in figures_of(ramp())] == [
        "throughput",
        "users",
        "latency",
        "percentiles",
        "throughput-by-users",
        "latency-by-users",
    ]
    assert [each.key for each in figures_of(steady())] == ["throughput", "users", "latency", "percentiles"]
    assert [each.key for each in figures_of(nothing_answered())] == ["throughput", "users"]


def test_throughput_by_users_marks_the_stage_that_the_figures_come_from() -> None:
    shown = figure(ramp(), "throughput-by-users")
    assert list(shown.lines[0].points) == [(1, 100), (2, 200), (4, 400), (8, 400), (16, 400)]
    assert [mark.at for mark in shown.marks] == [4]
    assert "4 users: 400 requests/s" in shown.description


def test_time_is_the_middle_of_each_interval_and_a_number_of_users_begins_at_its_beginning() -> None:
    assert line(ramp(), "throughput", "succeeded").points[:3] == ((0.5, 100), (1.5, 100), (2.5, 200))
    users = line(ramp(), "users", "users")
    assert users.stepped
    assert users.points[:3] == ((0, 1), (1, 1), (2, 2))
    assert users.points[-1] == (10, 16)


def test_failures_and_the_wanted_rate_are_drawn_only_when_there_are_any() -> None:
    assert [each.name for each in figure(steady(), "throughput").lines] == ["succeeded"]
    assert [each.name for each in figure(ramp(), "throughput").lines] == ["succeeded", "failed"]
    wanted = replace(steady(), timeline=(Interval(1.0, 1.0, 10, 90, 0, 100.0, 1.0, 1.0, 1.0),))
    assert line(wanted, "throughput", "wanted").points == ((0.5, 100.0),)


def test_the_latency_by_percentile_is_that_of_the_histogram() -> None:
    stage = replace(steady().stages[0], latency=latencies(10, 20, 30, 40), container_latency={})
    points = line(replace(steady(), stages=(stage,)), "percentiles", "request").points
    assert [round(y or 0) for _, y in points] == [10, 10, 20, 20, 30, 30, 40, 40]
    assert [round(100 * (1 - 1 / x), 1) for x, _ in points[::2]] == [12.5, 37.5, 62.5, 87.5]


def test_a_wide_spread_of_latencies_is_drawn_on_a_logarithmic_axis() -> None:
    assert not figure(ramp(), "latency").y.log
    wide = Interval(1.0, 1.0, 1, 10, 0, None, 1.0, 5.0, 500.0)
    assert figure(replace(ramp(), timeline=(wide,)), "latency").y.log


def elements(figure: Figure, kind: str) -> Iterator[ElementTree.Element]:
    return ElementTree.fromstring(svg(figure)).iter(kind)


def box(text: ElementTree.Element) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of a text, with letters as wide as the widest usual sans-serif has them at 12 px."""
    width = len(text.text or "") * 6.8
    x, y = float(text.attrib["x"]), float(text.attrib["y"])
    left = x - {"end": width, "middle": width / 2}.get(text.get("text-anchor", ""), 0)
    return left, left + width, y - 9, y + 3


@pytest.mark.parametrize("shown", [each for test in ALL for each in figures_of(test)], ids=lambda each: each.key)
def test_no_text_of_a_figure_touches_another_or_leaves_the_picture(shown: Figure) -> None:
    upright = [text for text in elements(shown, "text") if "transform" not in text.attrib]
    boxes = [box(text) for text in upright]
    assert len(boxes) > 4
    for position, (left, right, top, bottom) in enumerate(boxes):
        assert 0 <= left < right <= WIDTH, upright[position].text
        for other in range(position):
            l2, r2, t2, b2 = boxes[other]
            apart = right <= l2 or r2 <= left or bottom <= t2 or b2 <= top
            assert apart, (upright[position].text, upright[other].text)


def test_a_line_breaks_where_there_is_no_value_and_says_its_values_to_a_pointer() -> None:
    shown = figure(steady(), "throughput")
    broken = replace(shown, lines=(replace(shown.lines[0], filled=False, points=((0, 1.0), (1, None), (2, 3.0))),))
    paths = [path.attrib["d"] for path in elements(broken, "path") if path.get("class") == "line throughput"]
    assert len(paths) == 3, "two parts and the legend's"
    titles = [title.text for title in elements(broken, "title")][1:]
    assert titles == ["succeeded: 1 requests/s, time 0", "succeeded: 3 requests/s, time 2"]


def test_an_interval_is_drawn_around_its_point() -> None:
    shown = figure(ramp(), "throughput-by-users")
    points = shown.lines[0].points
    around = replace(shown.lines[0], spreads=tuple((y - 5, y + 5) for _, y in points if y is not None))
    whiskers = [path for path in elements(replace(shown, lines=(around,)), "path") if "spread" in path.attrib["class"]]
    assert len(whiskers) == len(points)


def steady_pace(per_second: int) -> Marks:
    """Sixty-four answers that came as regularly as it goes."""
    return Marks(1, tuple(number / per_second for number in range(65)))


def test_how_sure_a_figure_is_stands_beside_it_and_around_its_point() -> None:
    sure = replace(ramp(), stages=tuple(replace(each, marks=steady_pace(50)) for each in ramp().stages))
    unsteady = Marks(1, tuple(number / 100 + (number // 8 % 2) * 0.05 for number in range(65)))
    unsure = replace(sure, stages=(*sure.stages[:4], replace(sure.stages[4], marks=unsteady)))

    (told,) = [line for line in table(unsure).splitlines() if line.startswith("16 ")]
    around = float(told.split("±")[1].split()[0])
    assert around > 10
    by_users = figure(unsure, "throughput-by-users")
    assert by_users.lines[0].spreads[2] == (400.0, 400.0)
    assert by_users.lines[0].spreads[4] == pytest.approx((400 - around, 400 + around), rel=0.01)
    assert by_users.y.highest > 400 + around
    assert "throughput 400 ± 0 requests/s" in table(sure)
    assert re.search(r"^request +12.0 ± 0 ", table(sure), re.M)


def test_a_mark_near_the_right_edge_has_its_text_to_the_left() -> None:
    shown = replace(figure(ramp(), "throughput-by-users"), marks=(Mark(16.0, "a label of some length"),))
    (text,) = [text for text in elements(shown, "text") if text.get("class") == "note"]
    assert text.get("text-anchor") == "end"


@pytest.mark.parametrize("test", ALL)
def test_the_page_needs_nothing_from_elsewhere_and_escapes_what_it_is_told(test: LoadTest) -> None:
    html = page(replace(test, target={**test.target, "name": "<script>alert(1)</script>"}))
    assert "<script" not in html
    assert not re.search(r"(?:src|href|url)\s*[=(]|@import|https?://(?!127)", html)
    assert html.count("<svg") == len(figures_of(test)) == html.count("<desc")
    identities = re.findall(r' id="([^"]+)"', html)
    assert len(identities) == len(set(identities))


def test_the_page_says_what_was_found_and_what_to_beware_of() -> None:
    html = page(ramp())
    assert "it was &lt;loud&gt;" in html
    assert '<tr class="told"><th scope="row">4</th>' in html
    assert "HTTP 424 &lt;it broke&gt;" in html
    assert "Note." not in page(steady())


def test_the_table_of_a_ramp() -> None:
    assert table(ramp()) == TABLE


def test_the_table_of_a_test_without_answers_says_what_it_got() -> None:
    said = table(nothing_answered())
    assert "failed 100 %" in said
    assert "the first one got: cannot connect to 127.0.0.1:1" in said
    assert "latency" not in said


JUDGED = (Judged("p95>5ms", 30.02, "ms", True), Judged("rps<100", 400.0, "requests/s", False))


def test_thresholds_are_shown_with_what_was_observed() -> None:
    said = table(replace(ramp(), thresholds=JUDGED)).splitlines()
    assert "p95>5ms           30 ms  CROSSED" in said
    assert "rps<100  400 requests/s     kept" in said
    assert "<td>30 ms</td><td>CROSSED</td>" in page(replace(ramp(), thresholds=JUDGED))


@pytest.mark.parametrize(
    ("telling", "label"),
    [(2, "plateau: 400/s with 4 users"), (4, "400/s with 16 users"), (0, "100/s with 1 user"), (None, None)],
)
def test_a_plateau_is_called_so_only_when_more_users_brought_no_more(telling: int | None, label: str | None) -> None:
    marks = figure(replace(ramp(), telling=telling), "throughput-by-users").marks
    assert [mark.label for mark in marks] == ([] if label is None else [label])


@pytest.mark.parametrize(
    ("course", "text"),
    [
        (Ramp(), "1, 2, 4, ... up to 256 users until more bring no more throughput"),
        (ConstantUsers(1, 10.0), "1 user for 10 s"),
        (ConstantUsers(20, 10.0, 2.5), "20 users for 10 s, after a warm-up of 2.5 s"),
        (ConstantRate(500.0, 60.0, 64), "500 requests/s, at most 64 at once, for 60 s"),
        (Stairs(60.0, 5, 2), "2 to 10 users in 5 steps, 60 s in all"),
        (Phases((Phase(1, 2.0, 60.0), Phase(2, 0.0, 30.0))), "1 to 2 users in 3 steps, 90 s in all"),
    ],
)
def test_courses_in_words(course: Course, text: str) -> None:
    assert course_text(course) == text


def test_the_live_line() -> None:
    progress = Progress(0.0, 1.0, 12, 600, {}, latencies(10, times=600))
    assert live_line(progress, 7.0, 3) == "    7 s   12 users      600/s  3 failed  p50    10 ms  p95    10 ms"
    behind = Progress(0.0, 1.0, 12, rate_per_s=500.0, waiting=40)
    assert live_line(behind, 60.0, 0) == "   60 s  500/s wanted        0/s  0 failed  40 waiting"


TABLE = """\
churn: more users bring no more throughput

throughput 400 requests/s   at most 400 requests/s   p50 10.0 ms   p95 30.0 ms   p99 30.0 ms   failed 0 %   users 4

users  seconds  requests/s   failed  p50 ms  p95 ms  p99 ms  longest ms
1          2.0         100      0 %    10.0    30.0    30.0        30.0
2          2.0         200      0 %    10.0    30.0    30.0        30.0
4          2.0         400      0 %    10.0    30.0    30.0        30.0   <- the figures above
8          2.0         400      0 %    20.0    60.0    60.0        60.0
16         2.0         400  0.744 %    40.1     120     120         120

latency in ms   mean   p50   p75   p90   p95   p99  p99.9  longest
request         12.0  10.0  10.0  10.0  30.0  30.0   30.0     30.0
all containers  9.00  9.00  9.00  9.00  9.00  9.00   9.00     9.00
featurize       3.00  3.00  3.00  3.00  3.00  3.00   3.00     3.00
predict         6.00  6.00  6.00  6.00  6.00  6.00   6.00     6.00

failed    requests  share
5xx              6  0.2 %
HTTP 424         6  0.2 %
the first one got: HTTP 424 <it broke>

WARNING: it was <loud>
"""

from __future__ import annotations

from xml.etree import ElementTree

from include.demo.picture import COLOURS, INK, svg


def test_lines_have_the_colour_of_their_verdict_and_nothing_is_lost() -> None:
    text = "iris: FAIL: 1 of 2 rules <fails>\n\nmetric   verdict\nlatency  fail\ncost     pass"
    root = ElementTree.fromstring(svg(text))
    rows = [each for each in root if each.tag.endswith("text")]
    assert [row.text or "" for row in rows] == text.splitlines()
    assert [row.get("fill") for row in rows] == [COLOURS["fail"], INK, INK, COLOURS["fail"], COLOURS["pass"]]

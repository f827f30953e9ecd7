from __future__ import annotations

import pytest

from include.sagemaker_local.load.marks import MOST_INTERVALS, Marker, Marks


def marked(answers: int) -> Marks:
    """An answer every second, the first one second after the opening one at 100."""
    marker = Marker(100.0)
    for number in range(1, answers + 1):
        if number == marker.due:
            marker.mark(100.0 + number)
    return marker.marks()


@pytest.mark.parametrize(("answers", "every"), [(1, 1), (63, 1), (64, 2), (127, 2), (128, 4), (100_000, 2048)])
def test_marks_are_evenly_spaced_and_never_more_than_fit(answers: int, every: int) -> None:
    marks = marked(answers)

    assert marks.every == every
    assert marks.at_s == tuple(float(every * number) for number in range(answers // every + 1))
    assert len(marks.at_s) <= MOST_INTERVALS


def test_marks_survive_json() -> None:
    assert Marks.from_json(marked(200).to_json()) == marked(200)

from __future__ import annotations

from pathlib import Path

import pytest
from sluice.specs.folder import read_folder

from benchmarks.parse import SAMPLE, Cost, Parsed, cost, median_cost, spec_text


def test_the_sample_s_copies_are_pipelines_of_their_own(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.yaml").write_text(spec_text(SAMPLE.read_text(), number))
    folder = read_folder(tmp_path)
    assert folder.errors == ()
    assert len({spec.pipeline for spec in folder.specs}) == 3


def test_files_without_dags_of_their_own_count_for_those_of_the_others() -> None:
    assert cost([Parsed(2, 0.010, 0.004), Parsed(0, 0.006, 0.0)]) == Cost(8.0, 2.0)
    with pytest.raises(ValueError, match="no DAGs"):
        cost([Parsed(0, 1.0, 0.0)])


def test_medians_are_of_each_part() -> None:
    middle = median_cost([Cost(1.0, 9.0), Cost(3.0, 7.0), Cost(2.0, 8.0)])
    assert (middle, middle.whole_ms) == (Cost(2.0, 8.0), 10.0)

"""The PNG: made where matplotlib is, asked for before the load where it is not."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

from include.sagemaker_local.errors import HostError
from include.sagemaker_local.load.document import LoadTest
from include.sagemaker_local.load.report.png import write_png
from tests.fakes.load_tests import nothing_answered, ramp


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "meta_path", [])
    monkeypatch.delitem(sys.modules, "matplotlib", raising=False)
    with pytest.raises(HostError, match="pip install matplotlib"):
        write_png(ramp(), tmp_path / "x.png")


@pytest.mark.parametrize(("test", "rows"), [(ramp(), 3), (nothing_answered(), 1)])
def test_it_holds_all_figures_in_two_columns(test: LoadTest, rows: int, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "x.png"
    write_png(test, path)
    head = path.read_bytes()[:24]
    width, height = struct.unpack(">II", head[16:])
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert (width, height) == (1820, round((3.6 * rows + 0.6) * 130))

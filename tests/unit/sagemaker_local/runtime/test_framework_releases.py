"""What a tag names, and what stands in for a release that the table does not list."""

from __future__ import annotations

import pytest

from include.sagemaker_local.runtime.framework_releases import SKLEARN, XGBOOST, FrameworkReleases


@pytest.mark.parametrize(
    ("releases", "version", "first"),
    [
        (SKLEARN, "0.20.0", "scikit-learn==0.20.0"),
        (SKLEARN, "0.23-1", "scikit-learn==0.23.2"),  # the number after the hyphen is not always the patch release
        (SKLEARN, "1.0-1", "scikit-learn==1.0.2"),
        (SKLEARN, "1.2-1", "scikit-learn==1.2.1"),
        (SKLEARN, "1.4-2", "scikit-learn==1.4.2"),
        (SKLEARN, "1.6-1", "scikit-learn==1.6.1"),  # not in the table: as AWS numbers them
        (SKLEARN, "", "scikit-learn==1.4.2"),
        (XGBOOST, "1.7-1", "xgboost==1.7.4"),
        (XGBOOST, "3.0-5", "xgboost-cpu==3.0.5"),
        (XGBOOST, "2.1.0", "xgboost==2.1.0"),
    ],
)
def test_the_framework_comes_first(releases: FrameworkReleases, version: str, first: str) -> None:
    assert releases.requirements(version)[0] == first


def test_every_listed_release_is_pinned_whole() -> None:
    for releases in (SKLEARN, XGBOOST):
        for requirements in releases.releases.values():
            assert all("==" in requirement for requirement in requirements)

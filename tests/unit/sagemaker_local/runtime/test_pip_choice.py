"""What to try after pip's refusals."""

from __future__ import annotations

from include.sagemaker_local.runtime.pip_choice import substitute, unreachable

MISSING = (
    "ERROR: Could not find a version that satisfies the requirement {} (from versions: {})\n"
    "ERROR: No matching distribution found for {}"
)
BROKEN = "WARNING: Retrying (Retry(total=0, ...)) after connection broken by 'NewConnectionError()': /scikit-learn/\n"


def missing(requirement: str, versions: str) -> str:
    return MISSING.format(requirement, versions, requirement)


def test_the_next_later_wheel_comes_first() -> None:
    other = substitute(
        ["scikit-learn==1.0.2", "numpy==1.19.5"], missing("scikit-learn==1.0.2", "1.1.3, 1.2.0rc1, 1.2.0, 1.10.0")
    )
    assert other is not None
    assert other.requirements == ("scikit-learn==1.1.3", "numpy==1.19.5")
    assert other.note.startswith("scikit-learn 1.1.3 in place of 1.0.2")


def test_the_latest_one_when_there_is_no_later_one() -> None:
    other = substitute(["xgboost==9.9"], missing("xgboost==9.9", "1.9.0, 1.10.0, 2.0.0rc1"))
    assert other is not None
    assert other.requirements == ("xgboost==1.10.0",)


def test_a_missing_dependency_of_a_requirement_is_named_as_pip_does() -> None:
    assert substitute(["a==1"], missing("b==2", "1, 3")) is None


def test_no_wheel_at_all() -> None:
    assert substitute(["a==1"], missing("a==1", "none")) is None


def test_what_a_broken_connection_left_over_is_no_choice() -> None:
    """pip lists what it finds locally; the nearest of that could be any version."""
    output = BROKEN + missing("scikit-learn==1.1.3", "1.9.1")
    assert unreachable(output)
    assert substitute(["scikit-learn==1.1.3"], output) is None


def test_companions_that_exclude_each_other_are_let_go_but_numpys_generation() -> None:
    output = "ERROR: Cannot install a and b because ...\nERROR: ResolutionImpossible: for help visit ..."
    other = substitute(["a==1.0", "numpy==1.23.2", "pandas==1.5.0", "uvloop"], output)
    assert other is not None
    assert other.requirements == ("a==1.0", "numpy<2", "pandas", "uvloop")
    assert substitute(other.requirements, output) is None  # a second time it is of no use

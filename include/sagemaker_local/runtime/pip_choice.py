"""What pip's refusals mean, and which requirements to try instead. PURE.

pip is asked for wheels only, so the versions that it lists are those with a wheel for this machine's Python.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# pip's words for a version that it cannot find and for two that exclude each other; the same since pip 20.3.
_MISSING = re.compile(
    r"Could not find a version that satisfies the requirement (?P<name>[\w.-]+)==(?P<wanted>[\w.]+)"
    r".*\(from versions: (?P<versions>[^)]*)\)"
)
_CONFLICT = "ResolutionImpossible"
_UNREACHABLE = "connection broken by"
_FINAL = re.compile(r"\d+(\.\d+)*(\.post\d+)?")  # no pre-releases


@dataclass(frozen=True, slots=True)
class Substitute:
    """Requirements to try in place of those that pip refused; `note` says what differs."""

    requirements: tuple[str, ...]
    note: str


def substitute(requirements: Sequence[str], output: str) -> Substitute | None:
    """What to try after `output`; None when trying again is of no use, as without an index."""
    if unreachable(output):
        return None
    missing = _MISSING.search(output)
    if missing is not None:
        return _nearest_wheel(requirements, missing["name"], missing["wanted"], missing["versions"])
    if _CONFLICT in output:
        return _unpinned(requirements)
    return None


def unreachable(output: str) -> bool:
    """Whether pip could not talk to its index."""
    return _UNREACHABLE in output


def _nearest_wheel(requirements: Sequence[str], name: str, wanted: str, versions: str) -> Substitute | None:
    pinned = f"{name}=={wanted}"
    offered = [version for version in versions.split(", ") if _FINAL.fullmatch(version)]
    if not offered or pinned not in requirements:
        return None
    # Newer ones read what older ones wrote more often than the other way round.
    later = [version for version in offered if _number(version) > _number(wanted)]
    nearest = min(later, key=_number) if later else max(offered, key=_number)
    replaced = tuple(f"{name}=={nearest}" if one == pinned else one for one in requirements)
    return Substitute(replaced, f"{name} {nearest} in place of {wanted}, which has no wheel for this machine's Python")


def _unpinned(requirements: Sequence[str]) -> Substitute | None:
    """The framework, which is the first, stays; what goes with it may take any version that agrees."""
    first, *others = requirements
    loosened = tuple(_loosened(one) for one in others)
    if loosened == tuple(others):
        return None
    return Substitute(
        (first, *loosened), f"what goes with {first} in other versions than the image's, which exclude it"
    )


def _loosened(requirement: str) -> str:
    name, _, version = requirement.partition("==")
    # Wheels that were built for numpy 1 do not load with numpy 2, and most of them do not say so.
    return "numpy<2" if name == "numpy" and version.startswith("1.") else name


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))

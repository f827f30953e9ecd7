"""A figure as a value: lines over two axes. What draws it (SVG, PNG) decides nothing about what is in it.

PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from include.sagemaker_local.load.report.axis import Axis

Point: TypeAlias = tuple[float, float | None]
"""A place on the x axis and its value; None where there is none, which breaks the line."""


class Ink(StrEnum):
    """What a line stands for; the same colour and dashes in every figure."""

    THROUGHPUT = "throughput"
    WANTED = "wanted"
    FAILED = "failed"
    USERS = "users"
    LOW = "low"  # the lower percentile, or the first of several
    MIDDLE = "middle"
    HIGH = "high"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class Line:
    """`spreads` are the ends of an interval around each point. A stepped line keeps its value until the next point."""

    name: str
    ink: Ink
    points: tuple[Point, ...]
    stepped: bool = False
    filled: bool = False
    dotted: bool = False  # a dot on every point
    spreads: tuple[tuple[float, float] | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a place of the x axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Figure:
    """`description` says in words what the figure shows, for those who cannot see it."""

    key: str
    title: str
    description: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()

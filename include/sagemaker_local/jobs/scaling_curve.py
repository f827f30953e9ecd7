"""How throughput grows with vCPUs, as a curve through what was measured: the Universal Scalability Law.

X(n) = X1 n / (1 + contention (n - 1) + coherency n (n - 1)). Contention is the part of the work that only one CPU can
do at a time (Amdahl's law is the case without coherency), coherency what CPUs lose in waiting for one another (N. J.
Gunther, "Guerrilla Capacity Planning", Springer 2007, chapters 4 and 5).
PURE: no I/O, no third-party imports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Gunther asks for six points or more: through fewer, three numbers fit the noise, and two doublings further that is
# worse than leaving coherency out. With fewer points the likely curve is Amdahl's; what it may lose by coherency
# belongs into its bounds as soon as there are more points than it has numbers.
_POINTS_FOR_COHERENCY = 6
POINTS_FOR_BOUNDS = 4


@dataclass(frozen=True, slots=True)
class Point:
    """Predictions a minute that were measured on so many vCPUs, and their uncertainty (95 %, a share of them)."""

    vcpus: int
    per_minute: float
    relative_error: float


@dataclass(frozen=True, slots=True)
class Curve:
    """One vCPU's predictions a minute, and what several of them lose."""

    per_vcpu: float
    contention: float
    coherency: float

    def at(self, vcpus: int) -> float:
        """Predictions a minute."""
        others = vcpus - 1
        return self.per_vcpu * vcpus / (1 + self.contention * others + self.coherency * vcpus * others)


def fit(points: Sequence[Point], *, coherency_from: int = _POINTS_FOR_COHERENCY) -> Curve:
    """The curve that is nearest to the points, errors weighed by their uncertainty. Needs two sizes or more.

    It may lose by coherency when there are `coherency_from` points or more.

    n / X(n) is linear in the unknowns, so this is a weighted linear least squares in which neither loss is negative:
    the best of the solutions with one or both of them or none. Raises ValueError when there are too few sizes, or a
    point without throughput.
    """
    if len({point.vcpus for point in points}) < 2 or not all(point.per_minute > 0 for point in points):
        raise ValueError("a curve needs predictions on two sizes or more")
    found = [
        solution
        for losses in _choices(len(points) >= coherency_from)
        if (solution := _solve(points, losses)) is not None
    ]
    intercept, contention, coherency = min(found, key=lambda solution: _residual(points, solution))
    return Curve(1 / intercept, contention / intercept, coherency / intercept)


def _choices(coherency: bool) -> Iterator[tuple[bool, bool]]:
    """Which losses a curve may have: contention, coherency."""
    yield False, False
    yield True, False
    if coherency:
        yield False, True
        yield True, True


def _row(vcpus: int) -> tuple[float, float, float]:
    return 1.0, vcpus - 1.0, vcpus * (vcpus - 1.0)


def _weight(point: Point) -> float:
    return (point.per_minute / (point.vcpus * point.relative_error)) ** 2


def _residual(points: Sequence[Point], solution: tuple[float, float, float]) -> float:
    return sum(
        _weight(point)
        * (point.vcpus / point.per_minute - sum(a * b for a, b in zip(_row(point.vcpus), solution, strict=True))) ** 2
        for point in points
    )


def _solve(points: Sequence[Point], losses: tuple[bool, bool]) -> tuple[float, float, float] | None:
    """The normal equations with those unknowns alone; None when the solution is negative or there is none."""
    used = [0, *(number for number, wanted in enumerate(losses, 1) if wanted)]
    rows = [(_weight(point), _row(point.vcpus), point.vcpus / point.per_minute) for point in points]
    matrix = [
        [sum(weight * row[i] * row[j] for weight, row, _ in rows) for j in used]
        + [sum(weight * row[i] * value for weight, row, value in rows)]
        for i in used
    ]
    solution = _eliminate(matrix)
    if solution is None or solution[0] <= 0 or any(each < 0 for each in solution):
        return None
    full = [0.0, 0.0, 0.0]
    for number, value in zip(used, solution, strict=True):
        full[number] = value
    return full[0], full[1], full[2]


def _eliminate(matrix: list[list[float]]) -> list[float] | None:
    """The solution of a linear system of at most three equations, the last column being the right side."""
    size = len(matrix)
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(matrix[row][column]))
        if matrix[pivot][column] == 0:
            return None
        matrix[column], matrix[pivot] = matrix[pivot], matrix[column]
        for row in range(size):
            if row != column:
                factor = matrix[row][column] / matrix[column][column]
                matrix[row] = [a - factor * b for a, b in zip(matrix[row], matrix[column], strict=True)]
    return [matrix[row][size] / matrix[row][row] for row in range(size)]

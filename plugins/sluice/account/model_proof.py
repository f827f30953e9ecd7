"""Whether a model holds what was asked for: all containers, in order, each whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sluice.specs.container import ContainerSpec


def differences(wanted: Sequence[ContainerSpec], held: Sequence[ContainerSpec]) -> tuple[str, ...]:
    """What is not as wanted, one line each; none when all is. Variables that AWS has added are no difference."""
    if len(wanted) != len(held):
        return (f"it has {len(held)} containers, and {len(wanted)} were asked for",)
    pairs = enumerate(zip(wanted, held, strict=True), start=1)
    return tuple(f"container {number}: {line}" for number, (asked, got) in pairs for line in _of_one(asked, got))


def _of_one(asked: ContainerSpec, got: ContainerSpec) -> Iterator[str]:
    for name in ("hostname", "image", "model_data"):
        if getattr(asked, name) != getattr(got, name):
            yield f"{name} is {getattr(got, name)}, and {getattr(asked, name)} was asked for"
    for variable, value in asked.environment.items():
        if got.environment.get(variable) != value:
            yield f"{variable} is {got.environment.get(variable)!r}, and {value!r} was asked for"

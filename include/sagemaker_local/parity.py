"""docs/parity.md, written from the data that requests are held to: `python -m include.sagemaker_local.parity`.

What stands above the marker in the file is written by hand and kept.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape, StructureShape

from include.sagemaker_local.aws import scope as aws
from include.sagemaker_local.control.call import Operation
from include.sagemaker_local.control.plane import OPERATIONS, SCALING_OPERATIONS
from include.sagemaker_local.control.scope import SCALING_SCOPES, SCOPES
from include.sagemaker_local.data.scope import RUNTIME_SCOPES
from include.sagemaker_local.wire.scope import Kind, Scope, Treatment

DOCUMENT = Path(__file__).parents[2] / "docs" / "parity.md"
MARKER = "<!-- Below this line the file is written by `make parity`. -->"
COMMAND = "make parity"

_UNDECLARED = Treatment(Kind.REFUSED, "it is newer than this version")


def document(present: str) -> str:
    """The file as it has to be, its part above the marker as in `present`."""
    above, marker, _ = present.partition(MARKER)
    return "\n".join([above + marker, "", *_control(), *_scaling(), *_runtime(), *_elsewhere()]) + "\n"


def treatments(shape: StructureShape | None, scope: Scope) -> dict[str, Treatment]:
    """Every member of a request by its path, as deep as `scope` tells them apart."""
    found: dict[str, Treatment] = {}
    for path in dict.fromkeys(_paths(shape, scope, "")):
        found[path] = scope.treatment(path) or _UNDECLARED
    return found


def service_model(name: str) -> ServiceModel:
    """botocore's model of a service."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def _paths(shape: Shape | None, scope: Scope, path: str) -> Iterator[str]:
    if shape is None:
        return
    if path and scope.treatment(path) is not None:
        yield path
    elif shape.type_name == "list":
        yield from _paths(shape.member, scope, path)
    elif shape.type_name == "structure" and (not path or _goes_below(scope, path)):
        for name, member in shape.members.items():
            yield from _paths(member, scope, f"{path}.{name}" if path else name)
    else:
        yield path


def _goes_below(scope: Scope, path: str) -> bool:
    return any(declared.startswith(f"{path}.") for declared in scope.members)


def _operations(
    title: str, service: str, scopes: Mapping[str, Scope], functions: Mapping[str, Operation]
) -> Iterator[str]:
    model = service_model(service)
    served = {name: treatments(model.operation_model(name).input_shape, scope) for name, scope in scopes.items()}
    yield from (f"## {title}", "", "| operation | exact | simplified | refused |", "|---|---|---|---|")
    for name, members in served.items():
        counts = [sum(treatment.kind is kind for treatment in members.values()) for kind in Kind]
        yield f"| [`{name}`](#{name.lower()}) | " + " | ".join(str(count or "") for count in counts) + " |"
    yield from ("", "The numbers count members of the request. The service's other operations are refused by name with")
    yield from ("`UnsupportedOperation`; they do nothing.", "")
    for name, members in served.items():
        summary = (functions[name].__doc__ or "").partition("\n")[0]
        yield from (f"### {name}", "", summary, "")
        yield from _table(members, scopes[name])


def _control() -> Iterator[str]:
    return _operations("Control plane", "sagemaker", SCOPES, OPERATIONS)


def _scaling() -> Iterator[str]:
    title = "Application Auto Scaling"
    return _operations(title, "application-autoscaling", SCALING_SCOPES, SCALING_OPERATIONS)


def _runtime() -> Iterator[str]:
    model = service_model("sagemaker-runtime")
    yield from ("## SageMaker Runtime", "")
    for name, scope in RUNTIME_SCOPES.items():
        yield from (f"### {name}", "")
        yield from _table(treatments(model.operation_model(name).input_shape, scope), scope)
    others = [name for name in model.operation_names if name not in RUNTIME_SCOPES]
    if others:
        yield from (f"Refused by name: {_code(others)}.", "")


def _elsewhere() -> Iterator[str]:
    yield from ("## Other services", "", "| service | operation | | |", "|---|---|---|---|")
    for service, operations in aws.OPERATIONS.items():
        for name, treatment in operations.items():
            yield f"| {service} | `{name}` | {treatment.kind} | {treatment.note} |"
    yield from (
        "",
        "Everything else, and these operations for resources that are not an endpoint's, is moto's as it is.",
    )


def _table(members: Mapping[str, Treatment], scope: Scope) -> Iterator[str]:
    yield from ("| | members of the request |", "|---|---|")
    exact = [path for path, treatment in members.items() if treatment.kind is Kind.EXACT]
    if exact:
        yield f"| exact | {_grouped(exact)} |"
    for kind in (Kind.SIMPLIFIED, Kind.REFUSED):
        notes: dict[str, list[str]] = {}
        for path, treatment in members.items():
            if treatment.kind is kind:
                notes.setdefault(_note(treatment), []).append(path)
        yield from (f"| {kind} | {_grouped(paths)}: {note} |" for note, paths in notes.items())
    reasons: dict[str, list[str]] = {}
    for name, reason in scope.never_answered.items():
        reasons.setdefault(reason, []).append(name)
    yield from (f"| never answered | {_code(names)}: {reason} |" for reason, names in reasons.items())
    yield ""


def _note(treatment: Treatment) -> str:
    if treatment.only is None:
        return treatment.note
    values = ", ".join(f"`{_value(value)}`" for value in treatment.only)
    return f"only {values}; otherwise refused, because {treatment.note}"


def _value(value: str | bool | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) or '""'


def _grouped(paths: Iterable[str]) -> str:
    """Members with the structures that they are in named once."""
    groups: dict[str, list[str]] = {}
    for path in paths:
        parent, _, name = path.rpartition(".")
        groups.setdefault(parent, []).append(name)
    alike: dict[str, list[str]] = {}
    for parent, names in groups.items():
        alike.setdefault(_code(names), []).append(parent)
    return "; ".join(names if parents == [""] else f"in {_code(parents)} {names}" for names, parents in alike.items())


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main() -> int:
    """Write the file anew."""
    DOCUMENT.write_text(document(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""All specs of a folder at once: one that is broken must not take the others with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sluice.errors import SpecError
from sluice.specs.file import load_spec
from sluice.specs.pipeline import PipelineSpec
from sluice.specs.providers import check_providers

Taken = Mapping[str, str]
"""A name that no two specs may share -> the pipeline that has it."""


@dataclass(frozen=True)
class SpecFolder:
    """What a folder holds: the specs that can be used, and what is wrong with the others."""

    specs: tuple[PipelineSpec, ...]
    errors: tuple[SpecError, ...]

    def raise_errors(self) -> None:
        """Raise all errors as one SpecError, one line each; does nothing when there is none."""
        if self.errors:
            raise SpecError("", "\n".join(map(str, self.errors)))


def read_folder(folder: Path) -> SpecFolder:
    """Read every `*.yaml` of a DAG folder, in the order of names. Airflow here must have what they ask for, too."""
    return read_files(sorted(folder.glob("*.yaml")), check_providers)


def read_files(paths: Sequence[Path], check: Callable[[PipelineSpec], None] = lambda spec: None) -> SpecFolder:
    """Read these files, in their order, as one folder; `check` raises SpecError for a spec that it does not take."""
    specs: list[PipelineSpec] = []
    errors: list[SpecError] = []
    dag_names: dict[str, str] = {}
    endpoints: dict[str, str] = {}
    for path in paths:
        try:
            spec = load_spec(path)
            _check_unique(spec, dag_names, endpoints, path)
            check(spec)
        except SpecError as error:
            errors.append(error if error.file else error.located(str(path), None))
        else:
            specs.append(spec)
            dag_names[_dag_name(spec)] = spec.pipeline
            endpoints |= dict.fromkeys((*spec.staging_endpoints, spec.production.endpoint), spec.pipeline)
    return SpecFolder(tuple(specs), tuple(errors))


def _check_unique(spec: PipelineSpec, dag_names: Taken, endpoints: Taken, path: Path) -> None:
    """Two specs of one name would be one DAG; two on one endpoint would undo each other's deployments."""
    other = dag_names.get(_dag_name(spec))
    if other is not None:
        raise SpecError("pipeline", f"{spec.pipeline!r} makes the same DAG as {other!r} in another file", str(path))
    staged = [("staging", endpoint) for endpoint in spec.staging_endpoints]
    for key, endpoint in (*staged, ("production", spec.production.endpoint)):
        if endpoint in endpoints:
            raise SpecError(
                f"{key}.endpoint", f"{endpoint!r} belongs to the pipeline {endpoints[endpoint]!r}", str(path)
            )


def _dag_name(spec: PipelineSpec) -> str:
    return spec.pipeline.replace("-", "_")

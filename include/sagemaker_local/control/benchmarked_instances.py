"""The rules of the instance types and environments that a recommendation job is to load."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from include.sagemaker_local.control.containers import package_drafts
from include.sagemaker_local.control.refusals import invalid
from include.sagemaker_local.store.records import ModelPackageRecord
from include.sagemaker_local.wire.members import Members
from include.sagemaker_local.wire.service_model import instance_types

_BURSTABLE = ("ml.t2.", "ml.t3.")


def check_instances(inputs: Members) -> None:
    """Raises ApiError for the first instance type or environment that cannot be."""
    container = inputs.structure("ContainerConfig") or Members({})
    _check_types(container.texts("SupportedInstanceTypes"))
    for where, configuration in _configurations(inputs):
        instance_type = configuration.text("InstanceType")
        if instance_type is None:
            raise invalid(f"{where} needs an InstanceType.")
        _check_types([instance_type])
        _check_ranges(configuration.structure("EnvironmentParameterRanges") or Members({}), where)


def check_specifications(inputs: Members, package: ModelPackageRecord | None) -> None:
    """Raises ApiError for an inference specification that `package` does not have; None: a model is tested."""
    for where, configuration in _configurations(inputs):
        name = configuration.text("InferenceSpecificationName")
        if name is None:
            continue
        if package is None:
            raise invalid(f"{where} has an InferenceSpecificationName, which models do not have; packages do.")
        package_drafts(package, name)


def _configurations(inputs: Members) -> Iterator[tuple[str, Members]]:
    """Each with its place in the request."""
    for number, configuration in enumerate(inputs.structures("EndpointConfigurations"), 1):
        yield f"InputConfig.EndpointConfigurations[{number}]", configuration


def _check_types(wanted: Iterable[str]) -> None:
    """AWS's words about burstable types. Others are strings of any kind in ContainerConfig, so they are looked up."""
    for instance_type in wanted:
        if instance_type.startswith(_BURSTABLE):
            raise invalid(f"Burstable instance type {instance_type} is not allowed.")
        if instance_type not in instance_types():
            raise invalid(f"{instance_type} is no instance type of SageMaker's real-time endpoints.")


def _check_ranges(ranges: Members, where: str) -> None:
    """Every combination of values is a test of its own, so nothing may be there twice. The words are ours."""
    names: set[str] = set()
    for each in ranges.structures("CategoricalParameterRanges"):
        name, values = each.required("Name"), each.texts("Value")
        if name in names:
            raise invalid(f"{where}.EnvironmentParameterRanges has {name} more than once.")
        if len(set(values)) != len(values):
            raise invalid(f"{where}.EnvironmentParameterRanges has a value of {name} more than once.")
        names.add(name)

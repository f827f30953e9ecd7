"""botocore's own descriptions of the APIs served here: their operations, and what requests look like."""

from __future__ import annotations

from functools import cache

from botocore.loaders import Loader
from botocore.model import OperationModel, StructureShape
from botocore.model import ServiceModel as BotocoreServiceModel


class ServiceModel:
    """A service's operations as the installed botocore knows them."""

    def __init__(self, service: str) -> None:
        self._model = BotocoreServiceModel(Loader().load_service_model(service, "service-2"), service)
        self.operations: frozenset[str] = frozenset(self._model.operation_names)

    def input_shape(self, operation: str) -> StructureShape | None:
        """The shape of the operation's request; None when it takes no members."""
        return self._operation(operation).input_shape

    def output_shape(self, operation: str) -> StructureShape | None:
        """The shape of the operation's answer; None when it has no body."""
        return self._operation(operation).output_shape

    def _operation(self, operation: str) -> OperationModel:
        return self._model.operation_model(operation)


@cache
def sagemaker() -> ServiceModel:
    """The model, read from disk once: it is several MB of JSON and never changes while a process runs."""
    return ServiceModel("sagemaker")


@cache
def application_autoscaling() -> ServiceModel:
    """The model of Application Auto Scaling, read from disk once."""
    return ServiceModel("application-autoscaling")


@cache
def searched_members(resource: str) -> frozenset[str]:
    """The members that Search answers about a resource of this kind."""
    shape = sagemaker().output_shape("Search")
    return frozenset(shape.members["Results"].member.members[resource].members) if shape else frozenset()


@cache
def instance_types() -> frozenset[str]:
    """The instance types of real-time endpoints."""
    shape = sagemaker().input_shape("CreateEndpointConfig")
    variant = shape.members["ProductionVariants"].member if shape else None
    return frozenset(variant.members["InstanceType"].enum) if variant else frozenset()

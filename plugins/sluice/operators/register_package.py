"""register_package: one version in the registry for one content, however often it is registered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sluice.errors import PackageFailed, UnexpectedAnswer
from sluice.lineage import Lineage
from sluice.operators.candidate import Candidate, FleetOperator
from sluice.operators.memory import recall, remember
from sluice.operators.waiting import WaitingOperator
from sluice.requests import resources as resource_requests
from sluice.responses.resources import PackageState, existing_version
from sluice.waiting.remote_work import Kind
from sluice.waiting.watch import End

if TYPE_CHECKING:
    from airflow.sdk import Context


class RegisterPackageOperator(FleetOperator, WaitingOperator):
    """Create the package group where needed, and a version with all containers, pending approval.

    A version with the same content is taken instead of a new one, and an adopted one as it is. XCom: `{"package_arn",
    "version", "approval"}`, where `approval` is what it was before this run. Raises PackageFailed when the registry
    could not take the version in.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    :param fleet: `{"instance_type", "instances", "environment"}` that was chosen for production, whose environment the
        version is to hold, as an object or as JSON text; the version on staging when None (templated)
    :param poll_s: shortest time between two looks at the version, in seconds
    :param timeout_s: seconds that the registry may take to take it in
    :param deferrable: True waits in the triggerer; the registry takes seconds, so the worker waits as a rule
    """

    kind = Kind.PACKAGE

    def __init__(
        self, *, poll_s: float = 2.0, timeout_s: float = 120.0, deferrable: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(poll_s=poll_s, timeout_s=timeout_s, deferrable=deferrable, **kwargs)

    def lineage(self, result: Mapping[str, Any]) -> Lineage:
        """See SluiceOperator."""
        return Lineage(self.required_candidate.spec.artifact_uris, (result["package_arn"],))

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        package = self._find_or_create(self.required_candidate, context)
        if package.ended:
            return _result(package)
        registered: dict[str, Any] = self.wait_for(package.arn, None, self.when_settled, context)
        return registered

    def when_settled(self, context: Context, event: End) -> dict[str, Any]:
        """The registry has taken it in, or the time is up."""
        self.refuse_to_guess(event)
        return _result(self.hook.describe_package(event["name"]))

    def when_given_up(self, context: Context) -> dict[str, Any]:
        """See WaitingOperator."""
        return _result(self._find_or_create(self.required_candidate, context))

    def _find_or_create(self, candidate: Candidate, context: Context) -> PackageState:
        if candidate.adopted:
            return self.hook.describe_package(candidate.adopted.arn)
        earlier = recall(context).get("package_arn")
        if isinstance(earlier, str):  # whatever has become of it, it is the version of this task
            return self.hook.describe_package(earlier)
        arn = self._own(candidate)
        remember(context, package_arn=arn)
        return self.hook.describe_package(arn)

    def _own(self, candidate: Candidate) -> str:
        self.hook.ensure_package_group(resource_requests.create_model_package_group(candidate.spec))
        known = self._known(candidate)
        if known is not None:
            self.log.info("%s holds the same content", known.arn)
        return known.arn if known else self._create(candidate)

    def _known(self, candidate: Candidate) -> PackageState | None:
        return existing_version(self._with_this_content(candidate), candidate.names.content)

    def _with_this_content(self, candidate: Candidate) -> Iterator[PackageState]:
        packages = self.hook.list_packages(candidate.names.package_group)
        return (each for each in packages if each.content == candidate.names.content)

    def _create(self, candidate: Candidate) -> str:
        arn = self.hook.create_package(resource_requests.create_model_package(candidate.spec, candidate.names))
        if arn is None:  # another run is registering the same content at this moment
            # The newest, even when the registry could not take it in: that is then what became of it.
            known = next(self._with_this_content(candidate), None)
            if known is None:
                raise UnexpectedAnswer(
                    "CreateModelPackage", "it says the version is there, and the list does not hold it"
                )
            arn = known.arn
        return arn


def _result(package: PackageState) -> dict[str, Any]:
    if not package.ended:
        raise PackageFailed(package.arn, f"it was not ready in time, and is {package.status}")
    if package.status == "Failed":
        raise PackageFailed(package.arn, package.failure_reason)
    return {"package_arn": package.arn, "version": package.version, "approval": package.approval}

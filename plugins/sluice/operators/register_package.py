"""register_package: one version in the registry for one content, however often it is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sluice import api_requests
from sluice.api_responses import PackageState, existing_version
from sluice.errors import UnexpectedAnswer
from sluice.operators.candidate import Candidate, CandidateOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class RegisterPackageOperator(CandidateOperator):
    """Create the package group where needed, and a version with all containers, pending approval.

    A version with the same content is taken instead of a new one, and an adopted one as it is. XCom: `{"package_arn",
    "version", "approval"}`, where `approval` is what it was before this run. Raises PackageFailed when the registry
    could not take the version in.

    :param pipeline: the spec, or the same as plain data (templated)
    :param candidate: preflight's result, as an object or as JSON text (templated)
    """

    def carry_out(self, context: Context) -> dict[str, Any]:
        """See the class."""
        candidate = self.required_candidate
        arn = candidate.adopted.arn if candidate.adopted else self._find_or_create(candidate)
        package = self.hook.wait_for_package(arn)
        self.log.info("version %s of %s", package.version, package.group)
        return {"package_arn": package.arn, "version": package.version, "approval": package.approval}

    def _find_or_create(self, candidate: Candidate) -> str:
        self.hook.ensure_package_group(api_requests.create_model_package_group(candidate.spec))
        known = self._known(candidate)
        if known is not None:
            self.log.info("%s holds the same content", known.arn)
        return known.arn if known else self._create(candidate)

    def _known(self, candidate: Candidate) -> PackageState | None:
        return existing_version(self.hook.list_packages(candidate.names.package_group), candidate.names.content)

    def _create(self, candidate: Candidate) -> str:
        arn = self.hook.create_package(api_requests.create_model_package(candidate.spec, candidate.names))
        if arn is None:  # another run is registering the same content at this moment
            known = self._known(candidate)
            if known is None:
                raise UnexpectedAnswer(
                    "CreateModelPackage", "it says the version is there, and the list does not hold it"
                )
            arn = known.arn
        return arn

"""The exception tree of the Airflow half. The question each branch answers is whose fault it is.

SluiceError
├── SpecError             whoever wrote the spec or the trigger parameters; names file, path to the key, and line
├── ArtifactError         whoever produced the artifact: missing, not gzip, symlinks, climbs out of its directory
│   └── ArtifactsRefused       the same for all archives of a pipeline at once
├── ServiceRefused        AWS said no to a call; carries the operation and AWS's error code, to be branched on
│   ├── CallDenied             the role lacks a permission, or is not the one that was meant
│   ├── RequestInvalid         the same request would be refused again
│   ├── QuotaExceeded          the account's quota, or AWS's capacity: others may give some back
│   └── ServiceBusy            too many calls, or trouble at AWS: it passes
├── UnexpectedAnswer      AWS answered without a field that its API promises; nobody here can go on with that
├── WaitRefused           AWS would not say where the work is that was waited for; the work goes on
├── PackageFailed         the registry could not validate the package; the reason is AWS's
├── ModelDiffers          a model of that name holds something else than was asked for
├── NoVersion             there is no version in the registry that could be taken
├── DeploymentError       the endpoint does not run what was asked for
│   ├── DeploymentRolledBack      AWS went back to the old config: the new containers did not come up or raised an alarm
│   ├── DeploymentRollbackFailed  AWS could not go back either: what runs now may be both versions
│   └── DeploymentFailed          no healthy config is left to go back to, or the endpoint never existed
├── EndpointNotDeleted    an endpoint that nobody needs is still there, and costs money
├── BenchmarkFailed       the recommendation job ended without numbers: containers answered 4xx/5xx, or it was stopped
├── CandidatesFailed      none of several candidates was measured to the end, so there is nothing to compare
├── AnswerUnusable        whoever answered the request for approval; the task fails once and asks again
├── BatchError            the transform job, or what it worked on
│   ├── BatchFailed            it ended without its results: bad records, containers that answered 4xx/5xx, or stopped
│   └── BatchIncomplete        it says it completed, but results are missing or have other lines than their inputs
└── EvidenceError         the record of a decision
    ├── EvidenceMissing        it is not where the package says
    └── EvidenceInvalid        it is there but is not what was written: changed, truncated, or of another schema

AWS's refusals are in `refusals.errors`, deployments in `deployment_errors`. Every exception keeps its parts as `args`,
so it survives pickling between Airflow's processes.
"""

from __future__ import annotations

MAX_LOG_LINES = 20
"""Log lines shown in a message: enough for a Python traceback, short enough for Airflow's task log."""


class SluiceError(Exception):
    """Base of everything that Sluice raises on purpose."""


class SpecError(SluiceError):
    """A spec that cannot be used. `path` leads to the key (`gate.rules[2].max`), `problem` says what to change."""

    def __init__(self, path: str, problem: str, file: str | None = None, line: int | None = None) -> None:
        super().__init__(path, problem, file, line)
        self.path = path
        self.problem = problem
        self.file = file
        self.line = line

    def __str__(self) -> str:
        where = self.file or ""
        if self.file and self.line:
            where = f"{self.file}:{self.line}"
        return ": ".join(part for part in (where, self.path, self.problem) if part)

    def under(self, parent: str) -> SpecError:
        """The same error seen from one level further out: `max` under `rules[2]` is `rules[2].max`."""
        joint = "" if not self.path or not parent or self.path.startswith("[") else "."
        return SpecError(f"{parent}{joint}{self.path}", self.problem, self.file, self.line)

    def located(self, file: str, line: int | None) -> SpecError:
        """The same error with the file it was read from, and the line where known."""
        return SpecError(self.path, self.problem, file, line)


class ArtifactError(SluiceError):
    """A model artifact or payload archive that cannot be used; nothing has been created on its account."""

    def __init__(self, uri: str, problem: str) -> None:
        super().__init__(uri, problem)
        self.uri = uri
        self.problem = problem

    def __str__(self) -> str:
        return f"artifact {self.uri}: {self.problem}. Rebuild or upload it again; nothing was created."


class ArtifactsRefused(ArtifactError):
    """Every problem of every archive of one pipeline, so that one rebuild can mend them all."""

    def __init__(self, problems: tuple[ArtifactError, ...]) -> None:
        super().__init__(", ".join(dict.fromkeys(each.uri for each in problems)), "cannot be used")
        self.args = (problems,)
        self.problems = problems

    def __str__(self) -> str:
        listed = "\n  ".join(f"{each.uri}: {each.problem}" for each in self.problems)
        return f"the artifacts cannot be used:\n  {listed}\nRebuild or upload them again; nothing was created."


class UnexpectedAnswer(SluiceError):
    """An answer of AWS that lacks something which its API promises."""

    def __init__(self, operation: str, problem: str) -> None:
        super().__init__(operation, problem)
        self.operation = operation
        self.problem = problem

    def __str__(self) -> str:
        return (
            f"the answer to {self.operation} cannot be used: {self.problem}. "
            "This is the service's fault; check the endpoint_url of the Airflow connection."
        )


class WaitRefused(SluiceError):
    """AWS refused to tell about `work`, which goes on; whoever tries again finds it. `message` is the refusal."""

    def __init__(self, work: str, message: str) -> None:
        super().__init__(work, message)
        self.work = work
        self.message = message

    def __str__(self) -> str:
        return f"could not wait for {self.work}, which goes on: {self.message}"


class PackageFailed(SluiceError):
    """A model package version that ended in status Failed."""

    def __init__(self, package_arn: str, reason: str | None) -> None:
        super().__init__(package_arn, reason)
        self.package_arn = package_arn
        self.reason = reason

    def __str__(self) -> str:
        return f"model package {self.package_arn} is Failed: {self.reason or 'AWS gave no reason'}"


class ModelDiffers(SluiceError):
    """A model that does not hold what was asked for; `found` has one line for each difference."""

    def __init__(self, model: str, found: tuple[str, ...]) -> None:
        super().__init__(model, found)
        self.model = model
        self.found = found

    def __str__(self) -> str:
        return (
            f"model {self.model} is not what was asked for: {'; '.join(self.found)}. Nothing was deployed. "
            "Whoever made it by hand has to delete it; it is made anew then."
        )


class NoVersion(SluiceError):
    """No registered version of the group can be deployed; `reason` says why."""

    def __init__(self, group: str, reason: str) -> None:
        super().__init__(group, reason)
        self.group = group
        self.reason = reason

    def __str__(self) -> str:
        return f"no version of {self.group} can be taken: {self.reason}"


class BenchmarkFailed(SluiceError):
    """A recommendation job that ended without numbers. `status` is FAILED or STOPPED."""

    def __init__(self, job: str, status: str, reason: str | None) -> None:
        super().__init__(job, status, reason)
        self.job = job
        self.status = status
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"recommendation job {self.job} ended {self.status}: {self.reason or 'AWS gave no reason'}. "
            "Send one payload file to the staging endpoint by hand, and read its container logs."
        )


class CandidatesFailed(SluiceError):
    """No candidate came as far as the gate; `reasons` has one line for each."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(reasons)
        self.reasons = reasons

    def __str__(self) -> str:
        return "\n  ".join(("no candidate was measured to the end, so none was judged:", *self.reasons))


class AnswerUnusable(SluiceError):
    """A person's answer that cannot be carried out; `problem` says why. It decides nothing."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"the answer cannot be used: {self.problem}. Nothing was decided; answer again when the task asks anew."


class BatchError(SluiceError):
    """A transform job without the results that were asked for."""


class BatchFailed(BatchError):
    """A transform job that ended Failed or Stopped, with what its log says."""

    def __init__(self, job: str, status: str, reason: str | None, log_lines: tuple[str, ...] = ()) -> None:
        super().__init__(job, status, reason, log_lines)
        self.job = job
        self.status = status
        self.reason = reason
        self.log_lines = log_lines

    def __str__(self) -> str:
        told = f"transform job {self.job} ended {self.status}: {self.reason or 'AWS gave no reason'}"
        if not self.log_lines:
            return f"{told} (no log lines were found)"
        return "\n  ".join((told, "last log lines:", *self.log_lines[-MAX_LOG_LINES:]))


class BatchIncomplete(BatchError):
    """Results that are not what the input asks for. `problems` has one line for each object at fault."""

    def __init__(self, job: str, problems: tuple[str, ...]) -> None:
        super().__init__(job, problems)
        self.job = job
        self.problems = problems

    def __str__(self) -> str:
        shown = list(self.problems[:MAX_LOG_LINES])
        if len(self.problems) > len(shown):
            shown.append(f"and {len(self.problems) - len(shown)} more")
        return "\n  ".join((f"the results of transform job {self.job} are not complete:", *shown))


class EvidenceError(SluiceError):
    """A record of a decision that cannot be relied upon."""

    def __init__(self, uri: str, problem: str) -> None:
        super().__init__(uri, problem)
        self.uri = uri
        self.problem = problem

    def __str__(self) -> str:
        return f"evidence {self.uri}: {self.problem}"


class EvidenceMissing(EvidenceError):
    """There is no evidence document at the address that the package names."""


class EvidenceInvalid(EvidenceError):
    """The document is not the one that was written, or not of a schema that this version reads."""

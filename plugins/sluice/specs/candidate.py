"""One of several candidates as the user describes it: what it has in place of the spec's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from sluice.fields.limits import Limit


@dataclass(frozen=True, kw_only=True)
class CandidateSpec:
    """What one candidate has that the spec has not. With nothing it is the spec as it is."""

    model_data: Annotated[Mapping[str, str], Limit("Hostname to s3:// URI of another model.tar.gz.")] = field(
        default_factory=dict
    )
    environment: Annotated[
        Mapping[str, Mapping[str, str]], Limit("Hostname to variables that are added or replaced.")
    ] = field(default_factory=dict)
    image: Annotated[Mapping[str, str], Limit("Hostname to another image.")] = field(default_factory=dict)

    def over(self, earlier: CandidateSpec) -> CandidateSpec:
        """Both, this one where they speak of the same hostname."""
        return CandidateSpec(
            model_data={**earlier.model_data, **self.model_data},
            environment={**earlier.environment, **self.environment},
            image={**earlier.image, **self.image},
        )

"""The role that models and jobs work under, which the account has from the start.

Any other one is created where it is needed (`aws iam create-role`), as on AWS. Nothing here asks what a role may do.
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.models import iam_backends

ROLE = "sluice"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


def ensure_role(account_id: str) -> None:
    """Put the role into moto's IAM, unless one of its name is there. To be called when what is kept has been loaded."""
    iam: Any = iam_backends[account_id]["aws"]
    if any(role.name == ROLE for role in iam.roles.values()):
        return
    iam.create_role(
        role_name=ROLE,
        assume_role_policy_document=json.dumps(TRUST),
        path="/",
        permissions_boundary=None,
        description="What models and jobs of the local SageMaker work under",
        tags=[],
        max_session_duration="3600",
    )

"""`python -m include.iam`: write docs/iam/worker.json, execution-role.json and the table of docs/iam/README.md anew."""

from __future__ import annotations

from include.iam.files import IAM, write_policies

if __name__ == "__main__":
    write_policies(IAM)

"""docs/iam/ is what `make iam` makes of its record, and its placeholders are explained."""

from __future__ import annotations

import re

from sluice.refusals.permissions import NEEDS

from include.iam.files import IAM, README, RECORD, policies, with_table
from include.iam.policy import lacking, worker_policy
from include.iam.record import read_record


def test_policies_and_table_are_made_of_the_record() -> None:
    record = read_record(IAM / RECORD)
    for name, content in policies(record).items():
        assert (IAM / name).read_text() == content, f"docs/iam/{name} is not what the record makes: run `make iam`"
    readme = (IAM / README).read_text()
    assert with_table(readme, record) == readme
    assert record and not lacking(worker_policy(record), record)


def test_every_placeholder_is_explained() -> None:
    explained = set(re.findall(r"^\| `\$\{(\w+)\}` \|", (IAM / README).read_text(), re.MULTILINE))
    used = {
        name for policy in policies(read_record(IAM / RECORD)).values() for name in re.findall(r"\$\{(\w+)\}", policy)
    }
    assert used and used <= explained


def test_every_recorded_action_is_one_of_the_table_of_needs() -> None:
    known = {need.action for rows in NEEDS.values() for need in rows}
    assert {each.action for each in read_record(IAM / RECORD)} <= known

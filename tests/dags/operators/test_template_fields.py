from __future__ import annotations

import inspect

import pytest

from tests.dags.operators.test_killed_at_every_call import CASES

NOT_TEMPLATED = {"deferrable", "guarded", "when_open", "when_closed", "when_dry", "region", "despite", "group"}
"""What shapes the DAG, and the provider's old name of region_name."""


@pytest.mark.parametrize("name", CASES)
def test_every_parameter_of_an_operator_is_templated(name: str) -> None:
    kind = type(CASES[name].make())
    own = [each for each in kind.__mro__ if each.__module__.startswith(("sluice", "airflow.providers.amazon"))]
    signatures = [inspect.signature(vars(each)["__init__"]) for each in own if "__init__" in vars(each)]
    named = {
        each.name
        for signature in signatures
        for each in signature.parameters.values()
        if each.kind is each.KEYWORD_ONLY
    }
    assert named - NOT_TEMPLATED <= set(kind.template_fields)

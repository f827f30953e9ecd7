"""The first tasks of a promotion on the tests' fake AWS, with MWAA's Airflow and provider. Argument: the checkout."""

from __future__ import annotations

import json
import sys

import airflow  # noqa: F401 - puts its plugins folder on the path

sys.path.append(sys.argv[1])  # last, and for `tests.fakes` alone: `sluice` is the unpacked one

from sluice.operators.create_model import CreateModelOperator
from sluice.operators.deploy_endpoint import DeployEndpointOperator
from sluice.operators.preflight import PreflightOperator
from sluice.operators.register_package import RegisterPackageOperator
from sluice.specs.pipeline import Stage

from tests.fakes.candidates import aws_with_artifacts
from tests.fakes.specs import a_spec
from tests.fakes.task_run import DagRunOnFakeAws

aws, spec = aws_with_artifacts(), a_spec()
run = DagRunOnFakeAws(aws)
candidate = run.run(PreflightOperator(task_id="preflight", pipeline=spec))
given = {"pipeline": spec, "candidate": candidate}
package = run.run(RegisterPackageOperator(task_id="register_package", **given))["package_arn"]
model = run.run(CreateModelOperator(task_id="create_model", package_arn=package, **given))
deployed = run.run(DeployEndpointOperator(task_id="deploy", stage=Stage.STAGING.value, **given))
waits = [type(trigger).__name__ for trigger in run.waits]
sys.stdout.write("\n" + json.dumps({"status": deployed["status"], "created": model["created"], "waits": waits}))

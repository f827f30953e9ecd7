"""The plugin in an Airflow of its own: a loader that ran the package's files would replace modules of their names."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.conftest import PROJECT

SHOW = """
import json, sys
from airflow import plugins_manager
names, errors = plugins_manager._get_plugins()
print(json.dumps({
    "names": [plugin.name for plugin in names],
    "errors": errors,
    "links": [link.name for plugin in names if plugin.name == "sluice" for link in plugin.operator_extra_links],
    "views": [(view["destination"], view["href"]) for view in plugins_manager._get_ui_plugins()[0]],
    "apps": [app["url_prefix"] for app in plugins_manager.get_fastapi_plugins()[0]],
    "page_is_made": "sluice.ui.app" in sys.modules,
    "loaded": sorted(name for name in ("hook", "spec", "gate", "errors", "report") if name in sys.modules),
}))
"""


def test_the_plugin_loads_and_its_package_is_not_executed_file_by_file() -> None:
    done = subprocess.run([sys.executable, "-c", SHOW], cwd=PROJECT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert "sluice" in found["names"]
    assert found["errors"] == {}
    assert found["links"] == [
        "Endpoint in the SageMaker console",
        "Container logs in CloudWatch",
        "SageMaker at the connection's endpoint_url",
        "Load test's log in CloudWatch",
        "Transform job in the SageMaker console",
        "Transform job's log in CloudWatch",
    ]
    assert found["views"] == [["dag_run", "/sluice/run?dag_id={DAG_ID}&run_id={RUN_ID}"]]
    assert found["apps"] == ["/sluice"]
    assert not found["page_is_made"], "workers and the scheduler run the plugin's file too, and need no web framework"
    assert found["loaded"] == []

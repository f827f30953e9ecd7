"""The URIs, which are the names too, of the Airflow assets that Sluice updates or watches."""

from __future__ import annotations


def production(group: str) -> str:
    """Updated when another version of the group, or the same again, serves and has answered."""
    return f"sagemaker://{group}"


def findings(group: str) -> str:
    """Updated when production's version has been measured again, and another promotion is worth it."""
    return f"sagemaker://{group}/findings"


def versions(group: str, pipeline: str) -> str:
    """Updated when somebody has registered, approved or otherwise changed a version, and the pipeline watches."""
    return f"sagemaker://{group}/versions/{pipeline}"

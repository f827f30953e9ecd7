"""One operator per verb, one file each. Every one can be used alone in any DAG, of Airflow 3.3 or later."""

try:
    from airflow.sdk import ExceptionRetryPolicy as _of_airflow_3_3  # noqa: F401 - asked for first, to explain its absence
except ImportError as error:
    from airflow import __version__

    raise ImportError(
        f"Sluice needs Airflow 3.3 or later, whose retry policies and kill hooks of triggers it relies on; this is "
        f"Airflow {__version__}. No DAG of Sluice works here until it is updated."
    ) from error

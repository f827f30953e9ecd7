"""The page inside Airflow: what a run has come to, on a tab of the run."""

"""What Amazon MWAA takes of this project: `plugins.zip`, `dags/` and `requirements.txt` (`make mwaa`)."""

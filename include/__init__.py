"""What lies beside the Airflow project: the local SageMaker, the sample pipeline and the demo."""

"""What the tasks of each kind of DAG are and in which order they come, as data."""

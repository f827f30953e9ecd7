"""What a DAG would do, make and cost, before it is started. Pure."""

"""One operator per verb, one file each. Every one can be used alone in any DAG."""

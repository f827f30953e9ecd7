"""CloudWatch metrics of endpoints: counted beside the invocation path, kept as distributions, judged by alarms."""

"""Running containers: one protocol, one file for each way to do it."""

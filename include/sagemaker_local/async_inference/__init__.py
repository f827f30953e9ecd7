"""Asynchronous inference: requests are kept first and answered later, with their results in S3."""

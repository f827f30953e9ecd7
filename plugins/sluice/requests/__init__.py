"""Spec and names -> the keyword arguments of boto3 calls. CamelCase only here; nothing is called. Pure."""

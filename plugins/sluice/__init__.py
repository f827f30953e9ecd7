"""Sluice: promotes SageMaker inference pipelines through a gate of measured numbers."""

"""A local SageMaker: it speaks the SageMaker API, runs the containers and load-tests them for real."""

__version__ = "0.1.0"

"""What goes over the wire to SageMaker's control plane: JSON 1.1, signatures, ARNs and pages."""

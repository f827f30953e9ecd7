"""Application Auto Scaling of endpoint variants: policies, their alarms, and who acts on them."""

from __future__ import annotations

from include.sagemaker_local.autoscaling.scaler import Autoscaler, ScalingRules

__all__ = ["Autoscaler", "ScalingRules"]

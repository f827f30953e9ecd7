"""Faults that users inject for tests of their own: what there is, when it strikes, how often it did."""

from __future__ import annotations

from include.sagemaker_local.faults.fault import Fault, Kind, Occasion
from include.sagemaker_local.faults.table import FaultTable

__all__ = ["Fault", "FaultTable", "Kind", "Occasion"]

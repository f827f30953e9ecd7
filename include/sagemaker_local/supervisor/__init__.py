"""From the state that the API asked for to containers that run: fleets, their health, swaps, roll-backs, restarts."""

from __future__ import annotations

from include.sagemaker_local.supervisor.fleets import Fleets
from include.sagemaker_local.supervisor.injected import DeploymentFaults
from include.sagemaker_local.supervisor.reconcile import Supervisor
from include.sagemaker_local.supervisor.rollout import Rollout

__all__ = ["DeploymentFaults", "Fleets", "Rollout", "Supervisor"]

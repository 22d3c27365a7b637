"""The agents' frame as people run it."""

from __future__ import annotations

from agents.admin import agents, approvals, limits, workflows

__all__ = ["agents", "approvals", "limits", "workflows"]

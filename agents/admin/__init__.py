"""The agents' frame as people run it."""

from __future__ import annotations

from agents.admin import (
    access,
    activity,
    agents,
    approvals,
    delegations,
    elsewhere,
    limits,
    looking,
    proposals,
    steps,
    workflows,
)

__all__ = [
    "access",
    "activity",
    "agents",
    "approvals",
    "delegations",
    "elsewhere",
    "limits",
    "looking",
    "proposals",
    "steps",
    "workflows",
]

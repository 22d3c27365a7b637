"""The verbs of the agents' frame, by what they act on."""

from __future__ import annotations

from agents.actions.agents import (
    CreateAgent,
    GrantAccess,
    IssueToken,
    ResumeAgent,
    RevokeAccess,
    RevokeToken,
    StopAgent,
)

__all__ = [
    "CreateAgent",
    "GrantAccess",
    "IssueToken",
    "ResumeAgent",
    "RevokeAccess",
    "RevokeToken",
    "StopAgent",
]

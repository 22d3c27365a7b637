"""The verbs of the agents' frame, by what they act on."""

from __future__ import annotations

from agents.actions.agents import (
    CreateAgent,
    GrantAccess,
    ResumeAgent,
    RevokeAccess,
    StopAgent,
)
from agents.actions.connecting import (
    ConnectAssistant,
    IssueAccess,
    RegisterClient,
)
from agents.actions.delegations import Delegate, EndDelegation
from agents.actions.proposals import DeclineProposal
from agents.actions.tokens import IssueToken, OpenSession, RevokeToken

__all__ = [
    "ConnectAssistant",
    "CreateAgent",
    "DeclineProposal",
    "Delegate",
    "EndDelegation",
    "GrantAccess",
    "IssueAccess",
    "IssueToken",
    "OpenSession",
    "RegisterClient",
    "ResumeAgent",
    "RevokeAccess",
    "RevokeToken",
    "StopAgent",
]

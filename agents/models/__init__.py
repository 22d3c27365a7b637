"""What the agents' frame keeps, by what it is about."""

from __future__ import annotations

from agents.models.access import Binding, EgressEntry, Role, Rule, Switch, SwitchTurn
from agents.models.agents import Agent, AgentToken
from agents.models.approvals import Approval
from agents.models.delegations import Delegation
from agents.models.evidence import RecordedCall
from agents.models.limits import Limit, LimitUse, TouchedObject
from agents.models.proposals import Proposal
from agents.models.workflows import WorkflowRun, WorkflowStep

__all__ = [
    "Agent",
    "AgentToken",
    "Approval",
    "Binding",
    "Delegation",
    "EgressEntry",
    "Limit",
    "LimitUse",
    "Proposal",
    "RecordedCall",
    "Role",
    "Rule",
    "Switch",
    "SwitchTurn",
    "TouchedObject",
    "WorkflowRun",
    "WorkflowStep",
]

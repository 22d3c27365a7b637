"""The states of an agent."""

from __future__ import annotations

from django.db import models


class AgentState(models.TextChoices):
    ACTIVE = "active"
    STOPPED = "stopped"


MOVES = {
    AgentState.ACTIVE: {AgentState.STOPPED},
    AgentState.STOPPED: {AgentState.ACTIVE},
}

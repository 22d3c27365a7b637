"""Rows that an agent has made by asking for something: its own, and nobody else's."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models

from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.querysets import Visible

M = TypeVar("M", bound=models.Model)

# What every agent may do with its own runs and approvals: no grant and no scope says
# so, because they only show what it did and asked for, or take that back.
OWN = frozenset(
    {
        "agents.view_workflowrun",
        "agents.cancel_workflowrun",
        "agents.view_approval",
        "agents.withdraw_approval",
    }
)


class OwnRows(Visible[M]):
    """Agents meet their own rows, as far as they came about in the same standing.

    That is the session of the token and the person for whom it acts: an agent that
    serves two customers shows none what the other one asked for. Whatever else an agent
    was granted adds nothing; people see what their permissions say.
    """

    def permitted(self, actor: Actor, permission: str) -> Self:
        if actor.kind is not Kind.AGENT:
            return super().permitted(actor, permission)
        if permission not in OWN:
            return self.none()
        behalf = actor.behalf.id if actor.behalf else ""
        mine = self.filter(agent__public_id=actor.id, behalf=behalf)
        return mine.filter(standing=actor.standing)


OwnRowsManager = models.Manager.from_queryset(OwnRows)

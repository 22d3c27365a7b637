"""The token with which an approval was asked for: whose it is, and whether it is good.

An approval lives no longer than what it was asked with. A token is short (an hour by
OAuth, the time of a session), and afterwards nobody may act by it, the plane's second
wall included: so what is asked for with it says so, and nobody agrees to what could not
be done any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from agents.models import AgentToken, Approval
from agents.states import AgentState

EXPIRES = timedelta(hours=24)


def id_of(via: str) -> str:
    """The public id of the token in ``via``, or "" when it names none."""
    kind, _, token = via.partition(" ")[0].partition(":")
    return token if kind == "token" else ""


def token_of(via: str) -> AgentToken | None:
    """The token of that name, however it is now, with agent and delegation."""
    rows = AgentToken.objects.select_related("agent", "delegation__person")
    return rows.filter(public_id=id_of(via)).first() if id_of(via) else None


def until(via: str) -> datetime:
    """Until when what is asked for now can be agreed to, and done."""
    latest = timezone.now() + EXPIRES
    token = token_of(via)
    if token is None:
        return latest
    if token.delegation is not None:
        latest = min(latest, token.delegation.expires_at)
    return min(latest, token.expires_at)


def withdrawn(approval: Approval) -> str:
    """Why nobody acts any more for whoever asked; "" while somebody does."""
    token = token_of(approval.via)
    if token is None:
        return ""
    if token.revoked_at is not None:
        return "the token it was asked with was revoked"
    if token.agent.state != AgentState.ACTIVE:
        return "the agent was stopped"
    given = token.delegation
    if given is not None and (given.status != "active" or not given.person.is_active):
        return "the delegation it was asked under has ended"
    return ""


def holders(via: str) -> frozenset[str]:
    """Who was shown the token's secret, or that of the client that got it."""
    token = token_of(via)
    return frozenset({token.issued_by} - {""}) if token else frozenset()

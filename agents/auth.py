"""How an agent says who it is: a bearer token, looked up by its digest.

Whatever is wrong with a token, the caller gets the same answer; the audit says which
token was used and why it was refused.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from agents.access.grants import plane_wide
from agents.models import AgentToken
from agents.states import AgentState
from paybill_site.accounts.models import User
from paybill_site.kernel import audit, limits, planes
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.crypto import token_digest
from paybill_site.kernel.errors import PaybillError, Unauthenticated
from paybill_site.kernel.logs import note

LONGEST = 200
FRESH = timedelta(minutes=1)


def actor_of(secret: str) -> tuple[Actor, AgentToken]:
    """The agent behind a token. Raises Unauthenticated and TooMany."""
    token = (
        AgentToken.objects.select_related("agent__principal")
        .filter(digest=token_digest(secret))
        .first()
    )
    if token is None:
        raise Unauthenticated
    actor = _actor(token)
    wrong = _wrong(token)
    if wrong:
        _refused(token, actor, wrong)
        raise Unauthenticated
    try:
        limits.throttle(
            "agents.token",
            token.public_id,
            most=token.per_minute,
            window=timedelta(minutes=1),
        )
    except PaybillError:
        _refused(token, actor, "rate")
        raise
    _note_use(token)
    note(actor=actor.id)
    return actor, token


def _actor(token: AgentToken) -> Actor:
    agent = token.agent
    return Actor(
        kind=Kind.AGENT,
        id=agent.public_id,
        label=agent.name,
        grants=plane_wide(agent.principal_id),
        principal=agent.principal_id,
        scopes=frozenset(token.scopes),
        via=f"token:{token.public_id}",
    )


def _wrong(token: AgentToken) -> str:
    """Why the token lets nobody in, or ""."""
    if token.status != "active":
        return token.status
    if token.agent.state != AgentState.ACTIVE or not token.agent.principal.is_active:
        return "stopped"
    return ""


def _refused(token: AgentToken, actor: Actor, rule: str) -> None:
    with planes.atomic():
        audit.append(
            planes.here().tenant or "agents",
            action="agents.authenticate",
            actor=actor.id,
            target=f"agents.agenttoken:{token.public_id}",
            outcome="denied",
            facts={"rule": rule, "via": actor.via},
        )


def _note_use(token: AgentToken) -> None:
    """When it was last used, to the minute: a write per call would tell no more."""
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - FRESH:
        AgentToken.objects.filter(pk=token.pk).update(last_used_at=now)


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer pbk_agt_...``; ``request.auth`` is the actor."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        kind, _, secret = get_authorization_header(request).partition(b" ")
        if kind.lower() != b"bearer":
            return None
        if not secret or len(secret) > LONGEST or not secret.isascii():
            raise Unauthenticated
        actor, token = actor_of(secret.decode())
        return token.agent.principal, actor

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names it."""

    target_class = TokenAuthentication
    name = "agentToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "pbk_agt_...",
            "description": "A token of an agent; it narrows what the agent may do.",
        }

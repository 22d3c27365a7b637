"""How an agent says who it is: a bearer token, looked up by its digest.

Whatever is wrong with a token, the caller gets the same answer; the audit says which
token was used and why it was refused.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from agents.access import inforce
from agents.access.inforce import InForce
from agents.models import AgentToken
from agents.oauth import challenges, places
from agents.states import AgentState
from paybill_site.accounts.models import User
from paybill_site.kernel import actors, audit, limits, planes
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.crypto import token_digest
from paybill_site.kernel.errors import PaybillError, Unauthenticated
from paybill_site.kernel.logs import note

LONGEST = 200
FRESH = timedelta(minutes=1)


def actor_of(secret: str, *, audience: str = "") -> tuple[Actor, AgentToken]:
    """The agent behind a token. Raises Unauthenticated and TooMany.

    ``audience`` is what the caller asked for; a token of OAuth counts there alone.
    """
    token = known(secret)
    if token is None:
        raise Unauthenticated
    found = _in_force(token)
    wrong = _wrong(token, found, audience)
    if wrong:
        _refused(token, wrong)
        raise Unauthenticated
    try:
        limits.throttle(
            "agents.token",
            token.counted,
            most=token.per_minute,
            window=timedelta(minutes=1),
        )
    except PaybillError:
        _refused(token, "rate")
        raise
    _note_use(token)
    note(actor=token.agent.public_id)
    return acting(token, found), token


def known(secret: str) -> AgentToken | None:
    """The token with all that is asked of it, in one query; None for no token here."""
    return _token(digest=token_digest(secret))


def again(token: str) -> Actor:
    """The agent of a token that came in earlier, as it is now: for what had to wait.

    ``token`` is its public id. Raises Unauthenticated when it would not be let in.
    """
    found = _token(public_id=token)
    if found is None:
        raise Unauthenticated
    in_force = _in_force(found)
    # It was for this plane when it came in, and planes do not change.
    if _wrong(found, in_force, found.audience):
        raise Unauthenticated
    return acting(found, in_force)


def recalled(token: str) -> Actor:
    """The agent of a token as the rows say, whether it would be let in or not.

    For the record alone: nobody comes in by it. Raises Unauthenticated.
    """
    found = _token(public_id=token)
    if found is None:
        raise Unauthenticated
    return acting(found, _in_force(found))


def _token(**which: str) -> AgentToken | None:
    rows = AgentToken.objects.select_related("agent__principal", "delegation__person")
    # ``first`` would sort the one row: a sixth of the whole look-up.
    with suppress(AgentToken.DoesNotExist):
        return rows.get(**which)
    return None


def _in_force(token: AgentToken) -> InForce:
    return inforce.of_principal(token.agent.principal_id, token.session)


def acting(token: AgentToken, found: InForce) -> Actor:
    """The actor of a token that is good: what it holds, and for whom it acts."""
    agent = token.agent
    return Actor(
        kind=Kind.AGENT,
        id=agent.public_id,
        label=agent.name,
        grants=found.everywhere,
        principal=agent.principal_id,
        roles=found.roles,
        scopes=_scopes(token),
        via=_via(token),
        rules=found.rules,
        session=token.session,
        behalf=_behalf(token),
        counted=token.counted,
    )


def _scopes(token: AgentToken) -> frozenset[str]:
    scopes = frozenset(token.scopes)
    if token.delegation is not None:
        scopes &= frozenset(token.delegation.scopes)
    return scopes


def _via(token: AgentToken) -> str:
    shown = f"token:{token.public_id}"
    if token.delegation is not None:
        shown += f" delegation:{token.delegation.public_id}"
    return shown


def _behalf(token: AgentToken) -> Actor | None:
    """The person as they are now: what they lost, the agent has lost."""
    if token.delegation is None:
        return None
    return actors.of_user(
        token.delegation.person, via=f"delegation:{token.delegation.public_id}"
    )


def _wrong(token: AgentToken, found: InForce, audience: str) -> str:
    """Why the token lets nobody in, or ""."""
    if token.status != "active":
        return token.status
    if token.agent.state != AgentState.ACTIVE or not token.agent.principal.is_active:
        return "stopped"
    if found.stopped:
        return "switch"
    if token.audience and token.audience != audience:
        return "audience"
    return _undelegated(token)


def _undelegated(token: AgentToken) -> str:
    given = token.delegation
    if given is None:
        return ""
    if given.status != "active":
        return f"delegation_{given.status}"
    return "" if given.person.is_active else "person"


def _refused(token: AgentToken, rule: str) -> None:
    with planes.atomic():
        audit.append(
            planes.here().tenant or "agents",
            action="agents.authenticate",
            actor=token.agent.public_id,
            target=f"agents.agenttoken:{token.public_id}",
            outcome="denied",
            facts={"rule": rule, "via": _via(token)},
        )


def _note_use(token: AgentToken) -> None:
    """When it was last used, to the minute: a write per call would tell no more."""
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - FRESH:
        AgentToken.objects.filter(pk=token.pk).update(last_used_at=now)


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer ...``; ``request.auth`` is the actor."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        secret = bearer(get_authorization_header(request))
        if secret is None:
            return None
        inner = request._request
        audience = places.resource(inner) if places.in_tenant() else ""
        actor, token = actor_of(secret, audience=audience)
        return token.agent.principal, actor

    def authenticate_header(self, request: Request) -> str:
        return challenges.unauthorized(request._request)


def bearer(header: bytes) -> str | None:
    """The token in the header, None without one. Raises Unauthenticated."""
    kind, _, secret = header.partition(b" ")
    if kind.lower() != b"bearer":
        return None
    if not secret or len(secret) > LONGEST or not secret.isascii():
        raise Unauthenticated
    return secret.decode()


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

"""How a program says who it is: a bearer key, looked up by its digest.

Whatever is wrong with a key, the caller gets the same answer; the audit says which key
was used and why it was refused. What a key changes is audited by its action; what it
reads is recorded here, before it is answered.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from paybill_site.accounts.models import User
from paybill_site.kernel import audit, limits, planes
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.crypto import token_digest
from paybill_site.kernel.errors import TooMany, Unauthenticated
from paybill_site.kernel.logs import note
from tenants.keys.scopes import permissions
from tenants.models import ApiKey, Membership
from tenants.roles import ROLE_PERMISSIONS
from tenants.states import Role

LONGEST = 200
FRESH = timedelta(minutes=1)


class KeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer pbk_key_...``; ``request.auth`` is the actor.

    No browser sends this header by itself, so nobody's page can forge such a request
    and no CSRF token is asked for.
    """

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Actor] | None:
        kind, _, secret = get_authorization_header(request).partition(b" ")
        if kind.lower() != b"bearer":
            return None
        if not secret or len(secret) > LONGEST or not secret.isascii():
            raise Unauthenticated
        if planes.here().schema != planes.CONTROL.schema:
            raise Unauthenticated  # a key of an account opens no tenant's plane
        key = _known(secret.decode())
        actor = _admitted(key)
        if request.method in SAFE_METHODS:
            _record(key, "done", method=request.method, route=_route(request))
        note(actor=actor.id)
        return AnonymousUser(), actor

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _known(secret: str) -> ApiKey:
    key = (
        ApiKey.objects.select_related("account")
        .filter(digest=token_digest(secret))
        .first()
    )
    if key is None:
        raise Unauthenticated
    return key


def _admitted(key: ApiKey) -> Actor:
    """The actor of a key that is good at this moment, counted as used."""
    held = _held(key)
    if key.status != "active" or held is None:
        _refused(key, key.status if held is not None else "maker")
        raise Unauthenticated
    try:
        limits.throttle(
            "tenants.key",
            key.public_id,
            most=key.per_minute,
            window=timedelta(minutes=1),
        )
    except TooMany:
        _refused(key, "rate")
        raise
    _note_use(key)
    return Actor(
        kind=Kind.KEY,
        id=key.public_id,
        label=key.name,
        accounts={key.account.public_id: held},
        scopes=permissions(key.scopes),
        via=f"key:{key.public_id}",
    )


def _held(key: ApiKey) -> frozenset[str] | None:
    """What the maker may do in the account now; None: it is no member any more."""
    maker = Membership.objects.filter(account=key.account_id, user=key.made_by).first()
    active = User.objects.filter(public_id=key.made_by, is_active=True).exists()
    return ROLE_PERMISSIONS[Role(maker.role)] if maker and active else None


def _note_use(key: ApiKey) -> None:
    """When it was last used, to the minute: a write per call would tell no more."""
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - FRESH:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def _refused(key: ApiKey, rule: str) -> None:
    """Record it, once a minute: whoever holds an old key shall not write at will."""
    with suppress(TooMany):
        limits.throttle("tenants.key.refused", key.public_id, most=1, window=FRESH)
        _record(key, "denied", rule=rule)


def _record(key: ApiKey, outcome: str, **facts: Any) -> None:
    with planes.atomic():
        audit.append(
            key.account.public_id,
            action="tenants.use_key",
            actor=key.public_id,
            target=f"tenants.apikey:{key.public_id}",
            outcome=outcome,
            facts={**facts, "via": f"key:{key.public_id}"},
        )


def _route(request: Request) -> str:
    """The route and not the address: what was asked for is in the answer's rows."""
    match = request._request.resolver_match
    return str(match.route) if match else ""


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names it."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "pbk_key_...",
            "description": "An API key of an account, for its own programs. It narrows "
            "what its maker may do to its scopes.",
        }

"""Codes and refresh tokens: digests in allauth's table, each good for one use.

A used one stays for a day after it would have expired, so that a second use is
recognised: then somebody else has it, and the delegation behind it ends.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.idp.oidc.models import Client, Token
from django.utils import timezone

from agents.models import Delegation
from paybill_site.kernel.crypto import token_digest

CODE_SECONDS = 60
KEPT = timedelta(days=1)
CODE, REFRESH = Token.Type.AUTHORIZATION_CODE, Token.Type.REFRESH_TOKEN


@dataclass(frozen=True, slots=True)
class Grant:
    """A code or a refresh token as it stands in the table."""

    digest: str
    delegation: Delegation
    audience: str
    used: bool
    redirect_uri: str = ""
    challenge: str = ""


def of_client(*, machine: bool) -> list[str]:
    """The grant types of a kind of client."""
    kinds = Client.GrantType
    if machine:
        return [str(kinds.CLIENT_CREDENTIALS)]
    return [str(kinds.AUTHORIZATION_CODE), str(kinds.REFRESH_TOKEN)]


def new_code(
    client: Any, given: Delegation, *, redirect_uri: str, challenge: str, audience: str
) -> str:
    """A fresh authorization code, which is kept as a digest. Inside an action."""
    about = {
        "redirect_uri": redirect_uri,
        "challenge": challenge,
        "audience": audience,
    }
    until = timezone.now() + timedelta(seconds=CODE_SECONDS)
    return _keep(CODE, client, given, until, about)


def new_refresh(client: Any, given: Delegation, audience: str) -> str:
    """A fresh refresh token, good as long as the delegation is. Inside an action."""
    return _keep(REFRESH, client, given, given.expires_at, {"audience": audience})


def _keep(
    kind: Any, client: Any, given: Delegation, until: datetime, about: dict[str, str]
) -> str:
    _forget()
    secret = secrets.token_urlsafe(32)
    Token.objects.create(
        type=kind,
        hash=token_digest(secret),
        client=client,
        user=given.person,
        scopes="\n".join(given.scopes),
        expires_at=until,
        data={**about, "delegation": given.public_id},
    )
    return secret


def _forget() -> None:
    """Some of what expired long ago: as many at least as come to be."""
    old = Token.objects.filter(expires_at__lt=timezone.now() - KEPT)
    Token.objects.filter(pk__in=old.values("pk")[:10]).delete()


def find(kind: Any, secret: str, client: Any) -> Grant | None:
    """What the client shows, if it was given to this client and has not expired.

    A used one is found as long as it is kept: its second use tells, however late.
    """
    rows = Token.objects.filter(type=kind, hash=token_digest(secret), client=client)
    row = rows.first()
    if row is None or (row.expires_at <= timezone.now() and "used" not in row.data):
        return None
    given = (
        Delegation.objects.select_related("agent", "person")
        .filter(public_id=row.data["delegation"])
        .first()
    )
    if given is None:
        return None
    return Grant(
        digest=row.hash,
        delegation=given,
        audience=row.data["audience"],
        used="used" in row.data,
        redirect_uri=row.data.get("redirect_uri", ""),
        challenge=row.data.get("challenge", ""),
    )


def spend(digest: str) -> bool:
    """Use it up; False when somebody did already. Inside an action."""
    rows = Token.objects.filter(type__in=[CODE, REFRESH], hash=digest)
    row = rows.select_for_update(no_key=True).first()
    if row is None or "used" in row.data:
        return False
    now = timezone.now()
    fresh = rows.filter(pk=row.pk, expires_at__gt=now)
    return bool(fresh.update(data={**row.data, "used": now.isoformat()}))

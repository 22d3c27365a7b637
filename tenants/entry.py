"""The control plane's half of entering a tenant; the other half is in accounts.

1. The tenant's host sends the browser here with a state and a PKCE challenge.
2. Who is logged in and a member gets a code: a JWT signed with the key ``entry``,
   for one host (``aud``), one tenant, one person and one challenge, for 60 seconds.
3. The browser is sent to that host: its name comes from the Domain table, never
   from the request.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
from django.conf import settings

from paybill_site.accounts.entry import ACCESS, BOOTSTRAP
from paybill_site.accounts.models import User
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.crypto import private_key
from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.ids import new_id
from tenants.errors import NotAMember
from tenants.models import Domain, Membership, Tenant
from tenants.states import PlacementState, Role

LIFETIME, BOOTSTRAP_LIFETIME = 60, 60 * 60  # seconds
REPORT = "report"  # audience of what asks a silo how it is


def domain_of(tenant: Tenant, host: str) -> Domain:
    """The registered domain with this name that serves the tenant. Raises NotFound."""
    found: Domain | None = Domain.objects.filter(
        tenant__tenant=tenant,
        tenant__state=PlacementState.TAKEN,
        domain=host.lower().rstrip("."),
    ).first()
    if found is None:
        raise NotFound("this address does not belong to the tenant")
    return found


def member_of(tenant: Tenant, actor: Actor) -> Membership:
    """The actor's membership in the tenant's account. Raises NotAMember."""
    found = Membership.objects.filter(account=tenant.account_id, user=actor.id).first()
    if found is None:
        raise NotAMember
    return found


def code_for(
    tenant: Tenant,
    domain: Domain,
    member: Membership,
    *,
    challenge: str,
    proved_at: int,
) -> str:
    """A signed code that lets one member into one host once.

    It says when the member last proved who they are (OpenID Connect's ``auth_time``):
    an old session that comes in again is no fresh proof.
    """
    claims = _claims(tenant, member, audience=domain.domain, lifetime=LIFETIME)
    return _signed({**claims, "code_challenge": challenge, "auth_time": proved_at})


def bootstrap_token(tenant: Tenant) -> str:
    """A signed token that makes the first owner of a tenant on a server of its own."""
    owners = tenant.account.memberships.filter(role=Role.OWNER).order_by("id")
    owner = owners.first()
    if owner is None:
        raise NotAMember("the account has no owner")
    return _signed(
        _claims(tenant, owner, audience=BOOTSTRAP, lifetime=BOOTSTRAP_LIFETIME)
    )


def access_token(tenant: Tenant, user: str, role: str) -> str:
    """A signed word to a silo that somebody's role is another one, or "none"."""
    return _signed(_base(tenant, user, role, audience=ACCESS, lifetime=LIFETIME))


def report_token(tenant: Tenant, nonce: str) -> str:
    """A signed word that asks a silo for its report; the answer is for ``nonce``."""
    return word(tenant, REPORT, nonce=nonce)


def word(tenant: Tenant, audience: str, **said: str | int) -> str:
    """A signed word to a tenant's server, good for a minute."""
    return _signed({**_issued(tenant, audience, LIFETIME), **said})


def _claims(
    tenant: Tenant, member: Membership, *, audience: str, lifetime: int
) -> dict[str, Any]:
    user = User.objects.get(public_id=member.user)
    base = _base(tenant, member.user, member.role, audience=audience, lifetime=lifetime)
    return {**base, "email": user.email, "name": user.name}


def _base(
    tenant: Tenant, user: str, role: str, *, audience: str, lifetime: int
) -> dict[str, Any]:
    return {
        **_issued(tenant, audience, lifetime),
        "sub": user,
        "role": role,
        "jti": new_id("ent"),
    }


def _issued(tenant: Tenant, audience: str, lifetime: int) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": settings.PAYBILL_BASE_URL,
        "aud": audience,
        "tenant": tenant.public_id,
        "iat": now,
        "exp": now + lifetime,
    }


def _signed(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, private_key("entry"), algorithm="EdDSA")


def origin(domain: Domain) -> str:
    """Scheme, host and port at which a domain is reached from outside."""
    base = urlsplit(settings.PAYBILL_BASE_URL)
    port = domain.port or base.port
    return f"{base.scheme}://{domain.domain}{f':{port}' if port else ''}"


def callback(domain: Domain, *, code: str, state: str) -> str:
    """Where the browser brings the code."""
    return (
        f"{origin(domain)}/entry/callback/?{urlencode({'code': code, 'state': state})}"
    )

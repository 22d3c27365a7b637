"""The tenant's half of entering it; the control plane's half is in ``tenants.entry``.

1. ``begin``: a state and a PKCE verifier go into a short-lived cookie of this host;
   the browser goes to the control plane with the state and the verifier's hash.
2. The browser comes back with a code. ``read`` checks the signature, the issuer, that
   it is for this host and this tenant, that it has not expired, and PKCE (RFC 7636).
3. The action ``EnterTenantPlane`` notes the code's number, once, with the user.
It needs the public half of the key ``entry`` alone, so a silo runs the same code.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import jwt
from django.conf import settings
from django.core import signing

from paybill_site.accounts.errors import EntryExpired, EntryRefused, WrongBrowser
from paybill_site.accounts.groups import GROUP_OF
from paybill_site.kernel import planes
from paybill_site.kernel.crypto import public_key

MINUTES = 10  # for a log-in on the way
ACCESS = "access"  # audience of what the control plane pushes to a silo
BOOTSTRAP = "bootstrap"  # audience of the token that makes a silo's first owner
PERSON = ("sub", "role", "jti")  # what a word about somebody says, too


@dataclass(frozen=True, slots=True)
class Start:
    """What this host remembers, in a cookie, until the browser comes back."""

    state: str
    verifier: str
    next: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who comes in, as the control plane says."""

    user: str
    email: str
    name: str
    role: str
    jti: str
    expires: datetime
    proved_at: float = 0.0  # seconds of the epoch


def begin(next_path: str) -> Start:
    """A fresh state and verifier, 256 random bits each."""
    return Start(secrets.token_urlsafe(32), secrets.token_urlsafe(32), next_path)


def authorize_url(start: Start, host: str, *, fresh: bool = False) -> str:
    """Where the browser asks the control plane for a code."""
    asked = {
        "tenant": planes.here().tenant,
        "host": host,
        "state": start.state,
        "challenge": challenge(start.verifier),
    }
    if fresh:
        asked["fresh"] = "1"
    return f"{settings.PAYBILL_BASE_URL}/entry/authorize/?{urlencode(asked)}"


def challenge(verifier: str) -> str:
    """PKCE's S256 of a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def pack(start: Start) -> str:
    """The cookie's value, signed for this tenant."""
    return signing.dumps(asdict(start), salt=_salt())


def unpack(cookie: str, state: str) -> Start:
    """What ``begin`` made, when the state is the same. Raises WrongBrowser."""
    try:
        start = Start(**signing.loads(cookie, salt=_salt(), max_age=MINUTES * 60))
    except signing.BadSignature as error:
        raise WrongBrowser from error
    if not hmac.compare_digest(start.state.encode(), state.encode()):
        raise WrongBrowser
    return start


def _salt() -> str:
    return f"accounts.entry:{planes.here().tenant}"


def read(code: str, *, host: str, verifier: str) -> Visitor:
    """Check a code for this host and this plane. Raises EntryRefused."""
    claims = _decoded(code, host, *PERSON)
    asked = str(claims.get("code_challenge", ""))
    if not hmac.compare_digest(challenge(verifier).encode(), asked.encode()):
        raise WrongBrowser
    return _visitor(claims)


def read_bootstrap(token: str) -> Visitor:
    """Check the token that makes the first owner of this plane. Raises EntryRefused."""
    return _visitor(_decoded(token, BOOTSTRAP, *PERSON))


def read_access(token: str) -> tuple[str, str, str, datetime]:
    """Whose role changed, to what ("none": gone), and the token's number and end."""
    claims = read_word(token, ACCESS, *PERSON)
    if claims["role"] not in {*GROUP_OF, "none"}:
        raise EntryRefused
    expires = datetime.fromtimestamp(claims["exp"], UTC)
    return str(claims["sub"]), str(claims["role"]), str(claims["jti"]), expires


def read_word(token: str, audience: str, *says: str) -> dict[str, Any]:
    """What the control plane says to this plane's tenant. Raises EntryRefused."""
    claims = _decoded(token, audience, *says)
    if claims["tenant"] != planes.here().tenant:
        raise EntryRefused("this is for another tenant")
    return claims


def _visitor(claims: dict[str, Any]) -> Visitor:
    if claims["tenant"] != planes.here().tenant:
        raise EntryRefused("this way in leads to another tenant")
    if claims["role"] not in GROUP_OF or not claims.get("email"):
        raise EntryRefused
    return Visitor(
        user=str(claims["sub"]),
        email=str(claims["email"]),
        name=str(claims.get("name", "")),
        role=str(claims["role"]),
        jti=str(claims["jti"]),
        expires=datetime.fromtimestamp(claims["exp"], UTC),
        proved_at=float(claims.get("auth_time", 0)),
    )


def _decoded(code: str, host: str, *says: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            code,
            public_key("entry"),
            algorithms=["EdDSA"],
            issuer=settings.PAYBILL_BASE_URL,
            audience=host,
            leeway=5,
            options={"require": ["iss", "aud", "exp", "iat", "tenant", *says]},
        )
    except jwt.ExpiredSignatureError as error:
        raise EntryExpired from error
    except jwt.InvalidTokenError as error:
        raise EntryRefused from error
    return claims

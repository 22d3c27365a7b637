"""The report that a server of a tenant's own gives of its health, and how far it goes.

1. The control plane asks with a word signed by its key ``entry``, over a fresh number.
2. The server answers with a JWT signed by its own key ``audit``, over that number. The
   public half was told when the server was set up (``tenant bootstrap``).
3. A report over another number, of another tenant, by another key or older than a
   minute is none.
"""

from __future__ import annotations

import base64
import secrets
import time
from http import HTTPStatus
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from paybill_site.kernel import schema, web
from provisioning.checks import Check
from provisioning.errors import NoReport
from provisioning.models import Deployment
from tenants import entry
from tenants.models import Entitlement, Tenant
from tenants.states import Isolation, PlacementState

PATIENCE = 60.0  # seconds that a server which was just started gets
PAUSE, LONGEST, FRESH = 1.0, 16_384, 60
ISSUER = "paybill.silo"


def fetch(tenant: Tenant, base_url: str, key: str) -> dict[str, Any]:
    """Ask until the server answers. Raises NoReport."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return ask(tenant, base_url, key)
        except NoReport:
            if time.monotonic() > until:
                raise
            time.sleep(PAUSE)


def closed(deployment: Deployment) -> None:
    """Raise NoReport unless the tenant's server says now that it lets nobody in."""
    tenant = deployment.tenant
    placement = tenant.placements.filter(
        kind=Isolation.SILO, state=PlacementState.TAKEN
    ).first()
    if placement is None:
        return
    report = ask(tenant, placement.base_url, deployment.report_key)
    row = Entitlement.objects.filter(tenant=tenant).first()
    if row is not None and report.get("licence", 0) < row.version:
        raise NoReport("it has its newest licence not yet")


def ask(tenant: Tenant, base_url: str, key: str) -> dict[str, Any]:
    """Ask once. Raises NoReport."""
    nonce = secrets.token_urlsafe(32)
    asked = {"Authorization": f"Bearer {entry.report_token(tenant, nonce)}"}
    try:
        target = web.target_of(f"{base_url}/health/report", own=True)
        answer = web.call("GET", target, headers=asked, limit=LONGEST)
    except (web.Refused, web.Unreachable) as error:
        raise NoReport(error.detail) from error
    if answer.status != HTTPStatus.OK:
        raise NoReport(f"the server answered {answer.status}")
    return read(answer.body, tenant.public_id, nonce, key)


def read(body: bytes, tenant: str, nonce: str, key: str) -> dict[str, Any]:
    """A report that can be believed. Raises NoReport."""
    try:
        claims: dict[str, Any] = jwt.decode(
            body,
            Ed25519PublicKey.from_public_bytes(base64.b64decode(key)),
            algorithms=["EdDSA"],
            issuer=ISSUER,
            audience=nonce,
            leeway=5,
            options={"require": ["iss", "aud", "sub", "iat", "exp"]},
        )
    except (jwt.InvalidTokenError, ValueError) as error:
        raise NoReport(
            f"the report can not be believed: {type(error).__name__}"
        ) from error
    if claims["sub"] != tenant or time.time() - claims["iat"] > FRESH:
        raise NoReport("the report is another tenant's, or too old")
    return claims


def judged(report: dict[str, Any], tenant: Tenant) -> list[Check]:
    """What a believed report says, check by check."""
    row = Entitlement.objects.filter(tenant=tenant).first()
    wanted = row.version if row else 0
    licence = report.get("licence")
    made, code = str(report.get("made", "")), str(report.get("code", ""))
    return [
        Check("report", True, "signed by the server's own key, just now"),
        Check("database", bool(report.get("database")), "reached by the server itself"),
        Check(
            "migrations",
            made == code == schema.version(),
            f"the database is at {made or 'none'}, the server's code at {code}",
        ),
        Check(
            "licence",
            isinstance(licence, int) and licence >= wanted,
            f"version {licence}, wanted {wanted}",
        ),
    ]

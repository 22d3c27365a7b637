"""Licences: what a tenant is entitled to, signed, and kept in the tenant's own plane.

The same for pooled, bridge and silo: a tenant's requests read their plane's licence
and never step into the control plane.
"""

from __future__ import annotations

import time
from typing import Any

import jwt
from pydantic import Field

from paybill_site.kernel import planes
from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.crypto import private_key
from paybill_site.kernel.errors import Invalid
from paybill_site.kernel.limits import ISSUER, read_licence
from paybill_site.kernel.models import Licence


def sign(tenant: str, terms: dict[str, Any], version: int) -> str:
    """A licence for the tenant: Ed25519-signed name, state, plan, features, limits."""
    claims = {
        "iss": ISSUER,
        "aud": tenant,
        "iat": int(time.time()),
        "version": version,
        "name": terms.get("name", ""),
        "simulated": terms.get("simulated", False),
        "state": terms["state"],
        "plan": terms["plan"],
        "features": terms["features"],
        "limits": terms["limits"],
    }
    return jwt.encode(claims, private_key("licence"), algorithm="EdDSA")


class LicenceInput(Input):
    token: str = Field(max_length=20_000, json_schema_extra={"sensitive": True})


class InstallLicence(Action[None, LicenceInput, Licence]):
    """Put a newer licence into this plane; an older one changes nothing."""

    model = Licence
    Input = LicenceInput
    permission = "kernel.add_licence"
    creates = True

    def run(self, target: None, data: LicenceInput, *, actor: Actor) -> Licence:
        try:
            terms = read_licence(data.token, planes.here().tenant)
        except jwt.InvalidTokenError as error:
            raise Invalid(f"the licence is not valid here: {error}") from error
        newest = Licence.newest()
        if newest is not None and newest.version >= terms.version:
            return newest
        return Licence.objects.create(version=terms.version, token=data.token)

    def present(self, result: Licence) -> dict[str, Any]:
        return {"version": result.version}

    def recall(self, output: Any) -> Licence | None:
        return Licence.objects.filter(version=output.get("version")).first()

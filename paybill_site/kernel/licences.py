"""Licences: what a tenant is entitled to, signed, and kept in the tenant's own plane.

The same for pooled, bridge and silo: a tenant's requests read their plane's licence
and never step into the control plane.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from paybill_site.kernel import licence_keys, limits, planes
from paybill_site.kernel.actions import Action, Input, gate
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.calls import Call
from paybill_site.kernel.errors import Forbidden
from paybill_site.kernel.models import Licence
from paybill_site.kernel.terms import (
    GRACE,
    LIFETIME,
    OPEN_TO_CHANGES,
    claims_of,
    read_licence,
)

__all__ = ["GRACE", "LIFETIME", "InstallLicence", "LicenceOver", "sign"]


class LicenceOver(Forbidden):
    """The licence has run out: what is here can be read, and nothing be changed."""


def sign(
    tenant: str, terms: dict[str, Any], version: int, *, issued: datetime | None = None
) -> str:
    """A licence for the tenant, signed by the newest key, good from ``issued`` on."""
    moment = issued or datetime.now(UTC)
    return licence_keys.sign(claims_of(tenant, terms, version, moment))


class LicenceInput(Input):
    token: str = Field(max_length=20_000, json_schema_extra={"sensitive": True})


class InstallLicence(Action[None, LicenceInput, Licence]):
    """Put a newer licence into this plane; an older one changes nothing.

    One that ran out is taken, too: a server that starts after a long time has no other,
    and says itself what it is worth.
    """

    model = Licence
    Input = LicenceInput
    permission = "kernel.add_licence"
    creates = True

    def run(self, target: None, data: LicenceInput, *, actor: Actor) -> Licence:
        newest = Licence.newest()
        brought = licence_keys.statements_of(data.token)
        known = [*brought, *(newest.chain if newest else [])]
        keys = licence_keys.trusted(known)
        terms = read_licence(data.token, planes.here().tenant, keys)
        if newest is not None and newest.version >= terms.version:
            return newest
        chain = licence_keys.believed(known)
        return Licence.objects.create(
            version=terms.version, token=data.token, chain=chain
        )

    def present(self, result: Licence) -> dict[str, Any]:
        return {"version": result.version}

    def recall(self, output: Any) -> Licence | None:
        return Licence.objects.filter(version=output.get("version")).first()


@gate
def only_with_a_licence(call: Call) -> None:
    """Let nobody change a tenant's plane whose licence is over its grace.

    The system goes on: it brings the new licence, and takes access away.
    """
    here = planes.here()
    if not here.tenant or call.actor.kind is Kind.SYSTEM or call.action.always_open:
        return
    if (standing := limits.standing(here.tenant)) not in OPEN_TO_CHANGES:
        raise LicenceOver(rule=f"licence:{standing}")

"""Where the data of a tenant on a simulated cloud really is: units of this machine.

The same units as the stacks of this machine make, made by Paybill itself after the
apply. Outputs and state stay the simulated cloud's.
"""

from __future__ import annotations

from provisioning.clouds import local
from provisioning.models import Deployment
from tenants.states import Isolation

# A tenant's process before the server that it uses.
PARTS = {Isolation.SILO: ("web", "pg"), Isolation.BRIDGE: ("db",)}


def names(deployment: Deployment) -> dict[str, str]:
    """Ids of the units, by what they are."""
    mark = local.mark_of(deployment)
    return {part: f"{part}_{mark}" for part in PARTS[Isolation(deployment.kind)]}


def references(deployment: Deployment) -> dict[str, str]:
    """The two outputs by which a place on this machine is reached."""
    named = names(deployment)
    return {
        "secret_reference": f"{local.SCHEME}{named.get('pg') or named['db']}",
        "service_address": f"{local.SCHEME}{named['web']}" if "web" in named else "",
    }


def make(deployment: Deployment) -> dict[str, str]:
    """Make the units that are missing; returns ``references``. Raises CloudFailed."""
    named = names(deployment)
    if "db" in named:
        local.add("database", named["db"])
    else:
        local.add("server", named["pg"])
        local.add(
            "tenant",
            named["web"],
            server=named["pg"],
            tenant=deployment.tenant.public_id,
            schema=f"t_{local.mark_of(deployment)}",
        )
    return references(deployment)


def remove(deployment: Deployment) -> None:
    """Delete the units with their data. May be repeated. Raises CloudFailed."""
    for unit in names(deployment).values():
        local.remove(unit)

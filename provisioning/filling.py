"""What is done after Terraform: an empty database becomes a tenant's plane.

Every step may be repeated: a finish that was cut off is taken up again.
"""

from __future__ import annotations

from typing import Any

import psycopg

from paybill_site.kernel import licences, migrating, roles, schema
from provisioning import entitled, faraway
from provisioning.attached import Attached
from provisioning.clouds import local
from provisioning.errors import CloudFailed, LeftOver
from provisioning.models import Deployment, Run
from provisioning.simulation import places
from provisioning.states import Cloud
from tenants import entitlements, entry
from tenants.models import Tenant
from tenants.states import Isolation

LEFT = """
SELECT 'database ' || datname FROM pg_database WHERE strpos(datname, %(mark)s) > 0
UNION ALL
SELECT 'role ' || rolname FROM pg_roles WHERE strpos(rolname, %(mark)s) > 0
"""


def fill(run: Run, outputs: dict[str, Any]) -> Attached:
    """Make the plane in what a run has built. Raises CloudFailed."""
    if not _on_this_machine(run.deployment):
        return faraway.fill(run, outputs)
    name = entitled.schema_name(run.inputs)
    outputs = {**outputs, **simulated_place(run)}
    if run.deployment.kind == Isolation.SILO:
        return _fill_silo(run, outputs, name)
    return _fill_bridge(run, outputs, name)


def _on_this_machine(deployment: Deployment) -> bool:
    return deployment.cloud == Cloud.LOCAL or deployment.simulated


def simulated_place(run: Run) -> dict[str, str]:
    """Where the data of a run on a simulated cloud really is, made if it is missing.

    The two outputs that lead there; nothing for a cloud that is none. Raises
    CloudFailed.
    """
    return places.make(run.deployment) if run.deployment.simulated else {}


def _fill_bridge(run: Run, outputs: dict[str, Any], name: str) -> Attached:
    unit = _build(outputs, name)
    return Attached(
        kind=Isolation.BRIDGE,
        alias=str(unit["id"]),
        schema_name=name,
        dsn=_log_in(run.tenant, unit),
    )


def _log_in(tenant: Tenant, unit: dict[str, Any]) -> str:
    """How the tenant gets in: the unit's own log-in may have been rotated since."""
    standing = tenant.placements.filter(alias=str(unit["id"]), state="taken").first()
    return str(standing.dsn) if standing else local.tenant_dsn(unit)


def _build(outputs: dict[str, Any], name: str) -> dict[str, Any]:
    """Make the schema in one transaction: it is there whole or not at all."""
    unit = local.show(local.unit_of(str(outputs["secret_reference"])))
    dsn = local.provisioner_dsn(unit)
    with psycopg.connect(dsn) as connection:
        if schema.schemas(connection).get(name):
            return unit
    with psycopg.connect(migrating.provisioner_dsn()) as connection:
        source = schema.compiled(connection)
    schema.build(dsn, name, str(unit["user"]), source)
    return unit


def _fill_silo(run: Run, outputs: dict[str, Any], name: str) -> Attached:
    _build(outputs, name)
    service = local.show(local.unit_of(str(outputs["service_address"])))
    said = bootstrap(run.deployment.tenant, str(service["id"]))
    port = int(service["port"])
    return Attached(
        kind=Isolation.SILO,
        schema_name=name,
        base_url=f"http://{run.inputs['domain']}:{port}",
        port=port,
        report_key=report_key(said),
    )


def report_key(said: str) -> str:
    """The key of a silo's reports in what its bootstrap said. Raises CloudFailed."""
    for line in said.splitlines():
        name, _, key = line.partition(": ")
        if name == "report key":
            return key.strip()
    raise CloudFailed("the bootstrap did not say with which key the server reports")


def bootstrap(tenant: Tenant, unit: str) -> str:
    """Migrate a silo, give it the newest licence and, once, its owner.

    Returns what it said; nothing in it is secret.
    """
    entitlement = entitled.entitlement_of(tenant)
    terms = entitlements.terms(entitlement)
    handed = {
        "PAYBILL_BOOTSTRAP_TOKEN": entry.bootstrap_token(tenant),
        "PAYBILL_LICENCE": licences.sign(tenant.public_id, terms, entitlement.version),
    }
    return local.manage(unit, "tenant", "bootstrap", extra=handed)


def prove_gone(run: Run) -> None:
    """Raise LeftOver if this machine still knows anything of the deployment.

    What a cloud still has is looked at by ``removal.proof``.
    """
    if not _on_this_machine(run.deployment):
        return
    if run.deployment.simulated:
        places.remove(run.deployment)
    name = entitled.schema_name(run.inputs)
    mark = name.removeprefix("t_")
    units = local.listed(mark)
    left = [f"unit {unit}" for unit in units]
    with psycopg.connect(migrating.provisioner_dsn(), autocommit=True) as connection:
        roles.drop_trio(connection, name)  # roles belong to the server: they outlive it
        left += [str(row[0]) for row in connection.execute(LEFT, {"mark": mark})]
    if left:
        raise LeftOver(f"still there: {', '.join(left)}")

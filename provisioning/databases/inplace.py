"""Putting a restored plane in the place of the tenant's: closed for seconds.

1. The tenant is closed to its members; every process has heard of it after
   ``routing.KEPT`` seconds, and what was asked before has been answered by then.
2. The two planes exchange names. Cut off before or after, the number of the schema
   tells which it was, so the step is never done twice.
3. The tenant is opened again - also when something failed, for then the old plane
   is still where it was. A tenant that was closed by somebody else stays closed.
"""

from __future__ import annotations

import time

import psycopg

from paybill_site.kernel.actions import perform
from provisioning.databases import restoring, settling
from provisioning.databases.lease import Heartbeat
from provisioning.databases.places import Ground
from provisioning.databases.system import WORKER
from provisioning.models import DatabaseCopy, DatabaseJob
from tenants import routing
from tenants.actions import ResumeTenant, SuspendTenant
from tenants.actions.lifecycle import SuspendInput
from tenants.models import Tenant
from tenants.states import Suspension, TenantState

SLACK = 1.0


def put_in_place(
    job: DatabaseJob, ground: Ground, copy: DatabaseCopy, heartbeat: Heartbeat
) -> None:
    """Exchange the tenant's plane and the one beside it. Raises JobLost."""
    number = restoring.number_of(ground.dsn, copy.schema_name)
    heartbeat.tell("Closing the tenant for a moment")
    _close(job)
    heartbeat.tell("Exchanging")
    with psycopg.connect(ground.dsn) as connection:
        settling.carry_revocations(connection, ground.schema, copy.schema_name)
    if restoring.number_of(ground.dsn, ground.schema) != number:
        restoring.exchange(ground, copy.schema_name)


def _close(job: DatabaseJob) -> None:
    if Tenant.objects.get(pk=job.tenant_id).state != TenantState.LIVE:
        return
    words = SuspendInput(cause=Suspension.RESTORE)
    perform(SuspendTenant, job.tenant, words, actor=WORKER, reason=str(job))
    time.sleep(routing.KEPT + SLACK)


def reopen(job: DatabaseJob) -> None:
    """Open a tenant that was closed for a restore; repeatable."""
    tenant = Tenant.objects.get(pk=job.tenant_id)
    closed = (TenantState.SUSPENDED, Suspension.RESTORE)
    if (tenant.state, tenant.suspension) == closed:
        perform(ResumeTenant, tenant, actor=WORKER, reason=str(job))

"""Noting that work on a database is wanted; called inside actions."""

from __future__ import annotations

from typing import Any

from paybill_site.kernel import events
from paybill_site.kernel.actors import Actor
from provisioning.databases.states import JobKind, JobState
from provisioning.events import DatabaseJobQueued
from provisioning.models import Backup, DatabaseJob
from tenants.models import Placement


def ask(
    kind: JobKind,
    placement: Placement,
    *,
    actor: Actor,
    backup: Backup | None = None,
) -> DatabaseJob:
    """Queue a job, or return the same job that waits already."""
    tenant: Any = placement.tenant
    waiting = DatabaseJob.objects.filter(
        tenant=tenant, kind=kind, state=JobState.QUEUED, backup=backup
    ).first()
    if waiting is not None:
        return waiting
    job = DatabaseJob.objects.create(
        tenant=tenant,
        placement=placement,
        kind=kind,
        backup=backup,
        requested_by=actor.id,
    )
    events.emit(DatabaseJobQueued(tenant=tenant.public_id, job=job.public_id))
    return job

"""What is done without being asked: backups, drills, copies dropped, sizes.

Every step looks at what stands in Postgres, does a little, and may be done again.
"""

from __future__ import annotations

from datetime import timedelta

import psycopg
from django.db.models import F, Max, Q, QuerySet
from django.utils import timezone

from paybill_site.kernel import migrating, roles
from paybill_site.kernel.actions import perform
from provisioning.actions.backups import RequestBackup
from provisioning.actions.databases import NoteSize, limit_of
from provisioning.actions.databasework import EndDatabaseJob
from provisioning.actions.restores import DrillBackup, NoteDropped
from provisioning.databases import logins, restoring, turns
from provisioning.databases.expiring import STANDING
from provisioning.databases.inplace import reopen
from provisioning.databases.places import Ground, ground_of
from provisioning.databases.states import BackupReason, BackupState, JobState
from provisioning.databases.system import SWEEP
from provisioning.models import Backup, DatabaseCopy, DatabaseJob
from tenants.models import Placement, Tenant
from tenants.states import Isolation, PlacementState

BACKUP_EVERY, DRILL_EVERY = timedelta(days=1), timedelta(days=7)
BACKUP_AGAIN = timedelta(hours=3)  # after one that failed
MEASURE_EVERY = timedelta(hours=1)
AT_ONCE = 20  # drills queued by one sweep: each restores a whole backup
ASKED_AT_ONCE = 200  # of what is only queued; the sweep comes every five minutes
SIZE = """
SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class
WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'p', 'm')
"""


def take_back() -> int:
    """Put jobs whose worker did not come back into the queue, or end them."""
    lost = DatabaseJob.objects.filter(
        state=JobState.RUNNING, lease_until__lte=timezone.now()
    )
    return turns.each(lost, _take_back)


def _take_back(job: DatabaseJob) -> None:
    words = "The worker that did this died."
    ended = {"fence": job.fence, "explanation": words, "again": True}
    perform(EndDatabaseJob, job, ended, actor=SWEEP)
    reopen(job)


def waiting() -> QuerySet[DatabaseJob]:
    """Jobs that a worker can take up now, the oldest first."""
    busy = DatabaseJob.objects.filter(state=JobState.RUNNING).values("tenant")
    queued = DatabaseJob.objects.filter(state=JobState.QUEUED).exclude(tenant__in=busy)
    return queued.order_by("id")


def schedule() -> int:
    """Ask for the backup of the day of every tenant that has had none for a day.

    One that failed is asked for again after some hours, and who was tried longest ago
    comes first: tenants whose backups fail do not keep the others from theirs.
    """
    now = timezone.now()
    kept = Q(backups__state__in=[BackupState.READY, BackupState.QUEUED])
    tried = Max("backups__created_at")
    due = (
        _in_reach()
        .annotate(last=Max("backups__created_at", filter=kept), tried=tried)
        .filter(Q(last=None) | Q(last__lte=now - BACKUP_EVERY))
        .filter(Q(tried=None) | Q(tried__lte=now - BACKUP_AGAIN))
        .order_by(F("tried").asc(nulls_first=True), "id")
    )
    return turns.each(due[:ASKED_AT_ONCE], _ask_backup)


def _ask_backup(tenant: Tenant) -> None:
    trigger = f"{timezone.now():%Y-%m-%dT%H}:{tenant.public_id}"
    asked = RequestBackup.Input(reason=BackupReason.SCHEDULED, trigger=trigger)
    perform(RequestBackup, tenant, asked, actor=SWEEP)


def _in_reach() -> QuerySet[Tenant]:
    """Tenants whose database can be reached: of silos only those on this machine."""
    placed = Q(placements__state=PlacementState.TAKEN)
    mine = Q(deployments__account=None) | Q(deployments__account__simulation=True)
    here = ~Q(placements__kind=Isolation.SILO) | (Q(deployments__isnull=False) & mine)
    return Tenant.objects.filter(placed, here, state__in=STANDING).distinct()


def drill() -> int:
    """Try out the newest backup of tenants of which none was tried for a week."""
    since = timezone.now() - DRILL_EVERY
    tried = DatabaseJob.objects.filter(kind="drill", queued_at__gt=since)
    ready = Backup.objects.filter(state=BackupState.READY)
    due = ready.exclude(tenant__in=tried.values("tenant")).order_by("tenant", "-id")
    return turns.each(due.distinct("tenant")[:AT_ONCE], _ask_drill)


def _ask_drill(backup: Backup) -> None:
    perform(DrillBackup, backup, actor=SWEEP)


def drop_copies() -> int:
    """Drop the planes beside tenants' own whose time is over."""
    gone = Q(placement__state=PlacementState.GONE)
    over = DatabaseCopy.objects.filter(
        gone | Q(expires_at__lte=timezone.now()), dropped_at=None
    )
    busy = DatabaseJob.objects.filter(state=JobState.RUNNING).values("tenant")
    due = over.exclude(tenant__in=busy).select_related("placement__tenant")
    return turns.each(turns.by_lot(due), _drop)


def _drop(copy: DatabaseCopy) -> None:
    if copy.placement.state == PlacementState.GONE:
        _drop_roles(copy.schema_name)
    else:
        restoring.drop(ground_of(copy.placement).dsn, copy.schema_name)
    perform(NoteDropped, copy, actor=SWEEP)


def _drop_roles(name: str) -> None:
    """Roles belong to the server: they outlive a database that was dropped."""
    with psycopg.connect(migrating.provisioner_dsn(), autocommit=True) as connection:
        roles.drop_trio(connection, name)


def measure() -> int:
    """Measure databases that were not measured for an hour, and limit connections.

    Those that do not answer are tried again by the next sweep, and wait for nothing.
    """
    since = timezone.now() - MEASURE_EVERY
    fresh = Q(database__measured_at__gt=since)
    taken = Placement.objects.filter(
        state=PlacementState.TAKEN, tenant__in=_in_reach()
    ).exclude(fresh)
    return turns.each(turns.by_lot(taken.select_related("tenant")), measure_one)


def measure_one(placement: Placement) -> None:
    """Note the size of one placement's plane, and set what its plan limits."""
    ground, tenant = ground_of(placement), Tenant.objects.get(placements=placement)
    connections = None
    if ground.app != roles.APP:
        connections = limit_of(tenant, "connections")
        logins.limit(ground, connections)
    noted = {"size": size_of(ground), "connections": connections}
    perform(NoteSize, placement, noted, actor=SWEEP)


def size_of(ground: Ground) -> int:
    """Bytes of a plane's tables with their indexes, on disk."""
    with psycopg.connect(ground.dsn) as connection:
        connection.execute("SET LOCAL statement_timeout = '15s'")
        row = connection.execute(SIZE, [ground.schema]).fetchone()
    return int(row[0]) if row else 0

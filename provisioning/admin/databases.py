"""Operators' view of databases: backups, work on them, copies, sizes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db import models
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.safestring import SafeString

from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from paybill_site.kernel.templatetags.paybill_ui import badge
from provisioning import actions
from provisioning.admin.tasks import task
from provisioning.databases import expiring
from provisioning.models import Backup, Database, DatabaseCopy, DatabaseJob
from tenants.admin import TenantAdmin

type Links = Iterable[tuple[str, models.Model | str | None]]

TenantAdmin.offer(
    actions.RequestBackup,
    actions.RotateCredentials,
    actions.SleepDatabase,
    actions.WakeDatabase,
)
RECENT, OVERDUE = timedelta(days=7), timedelta(hours=1)


@operators.register(Backup)
class BackupAdmin(VerbAdmin[Backup]):
    """What is kept of tenants' data, and until when."""

    list_display = (
        "public_id",
        "tenant",
        "state_badge",
        "reason",
        "stored",
        "taken_at",
        "expires_at",
    )
    list_filter = ("state", "reason")
    list_select_related = ("tenant",)
    search_fields = ("public_id", "tenant__name", "tenant__public_id")
    verbs = (actions.DrillBackup, actions.RestoreCopy, actions.RestoreInPlace)

    def related(self, obj: Backup) -> Links:
        yield "tenant", obj.tenant
        for job in obj.jobs.all()[:10]:
            yield f"{job} ({job.state})", job

    @admin.display(description="Size", ordering="size")
    def stored(self, obj: Backup) -> str:
        return filesizeformat(obj.size)


@operators.register(DatabaseJob)
class DatabaseJobAdmin(VerbAdmin[DatabaseJob]):
    """Work on databases: what is done, what was found, what did not work out."""

    list_display = (
        "public_id",
        "kind",
        "tenant",
        "state_badge",
        "step",
        "queued_at",
        "ended_at",
    )
    list_filter = ("state", "kind")
    list_select_related = ("tenant",)
    search_fields = ("public_id", "tenant__name", "tenant__public_id")

    def related(self, obj: DatabaseJob) -> Links:
        yield "tenant", obj.tenant
        yield "backup", obj.backup

    @admin.display(description="Now")
    def step(self, obj: DatabaseJob) -> str:
        return str(obj.progress.get("step", "")) if obj.state == "running" else ""


@operators.register(DatabaseCopy)
class DatabaseCopyAdmin(VerbAdmin[DatabaseCopy]):
    """Planes beside tenants' own, each with the time at which it is dropped."""

    list_display = ("public_id", "tenant", "purpose", "expires_at", "dropped_at")
    list_filter = ("purpose",)
    list_select_related = ("tenant",)
    search_fields = ("public_id", "tenant__name", "schema_name")
    verbs = (actions.DropCopy,)

    def related(self, obj: DatabaseCopy) -> Links:
        yield "tenant", obj.tenant
        yield "backup", obj.backup


@operators.register(Database)
class DatabaseAdmin(VerbAdmin[Database]):
    """Sizes, limits, log-ins."""

    list_display = ("placement", "used", "limit_badge", "asleep", "measured_at")
    list_filter = ("notice", "asleep")
    list_select_related = ("placement",)
    search_fields = ("public_id", "placement__schema_name", "placement__tenant__name")

    def related(self, obj: Database) -> Links:
        yield "placement", obj.placement
        yield "tenant", obj.tenant

    @admin.display(description="Size", ordering="size")
    def used(self, obj: Database) -> str:
        of = f" of {filesizeformat(obj.size_limit)}" if obj.size_limit else ""
        return filesizeformat(obj.size) + of

    @admin.display(description="Limit", ordering="notice")
    def limit_badge(self, obj: Database) -> SafeString:
        tones = {"near": "warn", "full": "bad"}
        return badge(obj.notice or "ok", tone=tones.get(obj.notice, "good"))


@waiting
def databases_to_look_at(actor: Actor) -> Iterable[dict[str, Any]]:
    """Work that failed lately - drills above all - and databases that are full."""
    since = timezone.now() - RECENT
    failed = DatabaseJob.objects.visible_to(actor).filter(
        state="failed", ended_at__gt=since
    )
    drills = failed.filter(kind="drill").count()
    if drills:
        query = "state__exact=failed&kind__exact=drill"
        yield task("Restore drills that failed", DatabaseJob, query, drills)
    others = failed.exclude(kind="drill").count()
    if others:
        title = "Work on databases that failed"
        yield task(title, DatabaseJob, "state__exact=failed", others)
    late = Backup.objects.visible_to(actor).filter(pk__in=expiring.over(OVERDUE))
    if count := late.count():
        title = "Backups that could not be deleted"
        yield task(title, Backup, "state__exact=ready", count)
    full = Database.objects.visible_to(actor).filter(notice="full").count()
    if full:
        yield task("Databases over their limit", Database, "notice__exact=full", full)

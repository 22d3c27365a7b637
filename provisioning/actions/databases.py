"""A database's log-in, its sleep, its size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from pydantic import Field

from paybill_site.kernel import events
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from provisioning.databases import asking
from provisioning.databases.errors import SharedLogIn
from provisioning.databases.places import placement_of
from provisioning.databases.states import JobKind, Notice
from provisioning.events import DatabaseFull
from provisioning.models import Database, DatabaseJob
from tenants.models import Entitlement, Placement, Tenant
from tenants.states import Isolation, TenantState

NEAR = 0.8
CLOSED = frozenset({TenantState.SUSPENDED, TenantState.CLOSING})


class RotateCredentials(Action[Tenant, NoInput, DatabaseJob]):
    """Give the tenant's database a new log-in; nobody who works there notices."""

    model = Tenant
    permission = "provisioning.rotate_database"
    danger = Danger.CAREFUL
    legal_in = frozenset({TenantState.LIVE, TenantState.SUSPENDED})

    def run(self, target: Tenant, data: NoInput, *, actor: Actor) -> DatabaseJob:
        return _ask(JobKind.ROTATE, target, actor)

    def recall(self, output: Mapping[str, Any]) -> DatabaseJob | None:
        return _recall(output)


class SleepDatabase(Action[Tenant, NoInput, DatabaseJob]):
    """Let nobody log in to a suspended tenant's own database, and end who is."""

    model = Tenant
    permission = "provisioning.sleep_database"
    danger = Danger.CAREFUL
    legal_in = CLOSED

    def run(self, target: Tenant, data: NoInput, *, actor: Actor) -> DatabaseJob:
        if target.state not in CLOSED:
            raise IllegalMove(f"tenant is {target.state}; suspend it first")
        return _ask(JobKind.SLEEP, target, actor)

    def recall(self, output: Mapping[str, Any]) -> DatabaseJob | None:
        return _recall(output)


class WakeDatabase(Action[Tenant, NoInput, DatabaseJob]):
    """Let the tenant log in to its own database again."""

    model = Tenant
    permission = "provisioning.sleep_database"

    def run(self, target: Tenant, data: NoInput, *, actor: Actor) -> DatabaseJob:
        return _ask(JobKind.WAKE, target, actor)

    def recall(self, output: Mapping[str, Any]) -> DatabaseJob | None:
        return _recall(output)


class SizeInput(Input):
    size: int = Field(ge=0, le=2**62, description="bytes")
    connections: int | None = Field(default=None, ge=1, le=100_000)


class NoteSize(Action[Placement, SizeInput, Database]):
    """Write down how large a database is, and say when it comes near its limit."""

    model = Placement
    Input = SizeInput
    permission = "provisioning.measure_database"

    def run(self, target: Placement, data: SizeInput, *, actor: Actor) -> Database:
        tenant: Any = target.tenant
        row, _ = Database.objects.get_or_create(placement=target)
        row.size, row.measured_at = data.size, timezone.now()
        row.size_limit = limit_of(tenant, "database_bytes")
        row.connection_limit = data.connections
        before, row.notice = row.notice, _notice(row)
        full = row.notice == Notice.FULL
        row.full_since = (row.full_since or timezone.now()) if full else None
        row.save()
        if row.notice and row.notice != before:
            told = {"tenant": tenant.public_id, "notice": row.notice}
            events.emit(DatabaseFull(**told))
        return row


def limit_of(tenant: Tenant, name: str) -> int | None:
    """A number that the tenant's plan sets: ``database_bytes``, ``connections``."""
    row = Entitlement.objects.filter(tenant=tenant).first()
    value = row.limits.get(name) if row else None
    return value if isinstance(value, int) and value > 0 else None


def _notice(row: Database) -> Notice:
    if row.size_limit is None or row.size < NEAR * row.size_limit:
        return Notice.NONE
    return Notice.FULL if row.size >= row.size_limit else Notice.NEAR


def _ask(kind: JobKind, tenant: Tenant, actor: Actor) -> DatabaseJob:
    placement = placement_of(tenant)
    if placement.kind != Isolation.BRIDGE:
        raise SharedLogIn(
            "Only a database of the tenant's own has a log-in of its own; this one is"
            f" {placement.kind}."
        )
    return asking.ask(kind, placement, actor=actor)


def _recall(output: Mapping[str, Any]) -> DatabaseJob | None:
    return DatabaseJob._base_manager.filter(public_id=output.get("id", "")).first()

"""What is left of a tenant whose subscription ended: kept for the days of its plan.

1. With the end access closes, the last backup is taken, what stands is made small.
2. Reactivated in these days everything is open again, as it was.
3. When they are over the tenant is closed: its place is destroyed, with proof.
"""

from __future__ import annotations

from datetime import datetime

from celery import shared_task

from billing import clock
from billing.errors import NothingKept
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from tenants.actions import CloseTenant
from tenants.actions.places import taken
from tenants.models import Entitlement, Tenant
from tenants.states import EntitlementState, TenantState

CLOSER = actors.system(
    "subscription ended", "tenants.view_tenant", "tenants.close_tenant"
)
CLOSED = (TenantState.CLOSING, TenantState.CLOSED)
AT_ONCE = 200  # in one sweep


def until(tenant: Tenant) -> datetime | None:
    """Until when what is left of the tenant is kept; None when nothing has ended."""
    row = Entitlement.objects.filter(tenant=tenant).first()
    return row.kept_until if row else None


def has_something(tenant: Tenant) -> bool:
    """Whether there is a place, and days for which it is kept."""
    end = until(tenant)
    return taken(tenant) is not None and end is not None and end > clock.now()


def check(tenant: Tenant) -> None:
    """Raise NothingKept when there is nothing to which a subscription could go on."""
    if tenant.state in CLOSED:
        raise NothingKept(f"{tenant.name} is {tenant.state}: its place is taken down")
    end = until(tenant)
    if end is not None and end <= clock.now():
        raise NothingKept(f"what {tenant.name} had was kept until {end:%d %B %Y}")


def close(tenant: Tenant, why: str, *, key: str = "") -> None:
    """Close a tenant for good, unless it is being closed."""
    tenant.refresh_from_db()
    if tenant.state not in CLOSED:
        reason = f"{why} has ended"
        perform(CloseTenant, tenant, actor=CLOSER, key=key, reason=reason)


def over() -> list[Tenant]:
    """Tenants whose days are over, those that ended first."""
    rows = Entitlement.objects.filter(
        state=EntitlementState.ENDED, ended_at__lte=clock.now()
    ).exclude(tenant__state__in=CLOSED)
    ended = rows.select_related("tenant").order_by("ended_at")
    now = clock.now()
    due = (row for row in ended.iterator() if row.kept_until and row.kept_until <= now)
    return [row.tenant for row, _ in zip(due, range(AT_ONCE), strict=False)]


@shared_task(name="billing.close_over")
def close_over() -> int:
    """Close the tenants whose days are over; return how many."""
    tenants = over()
    for tenant in tenants:
        close(tenant, "the time for which it was kept")
    return len(tenants)

"""What the worker does for tenants by itself."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone

from paybill_site.kernel import actors, outbox, planes
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import IllegalMove
from tenants import directory, pool
from tenants.actions import RenewLicence
from tenants.models import Tenant
from tenants.states import TenantState

log = logging.getLogger(__name__)

# A licence lives for 35 days: a server can be out of reach for four weeks unnoticed.
RENEW_AFTER = timedelta(days=7)
AT_ONCE = 500  # in one sweep; the next one takes those that are the oldest then
LICENSED = (TenantState.LIVE, TenantState.SUSPENDED)
RENEWER = actors.system("renewer", "tenants.view_tenant", "tenants.renew_licence")


@shared_task(name="tenants.refill")
def refill() -> int:
    """Make places until the warm pool is full; return how many were made."""
    return pool.fill()


@shared_task(name="tenants.sweep_bridges")
def sweep_bridges() -> int:
    """Drain the planes in databases of their own; return how many were tried.

    The control plane's table of what is due does not reach there. Messages are what
    makes their events quick; this makes them certain.
    """
    done = 0
    for place in directory.apart():
        try:
            with planes.plane(place):
                done += outbox.drain()
        except DatabaseError:
            # The others do not wait for a database that is away.
            log.exception("the outbox of %s can not be drained", place)
    return done


@shared_task(name="tenants.renew_licences")
def renew_licences() -> int:
    """Issue licences anew that are a week old; return how many were."""
    since = timezone.now() - RENEW_AFTER
    old = Tenant.objects.filter(entitlement__updated_at__lte=since, state__in=LICENSED)
    done = 0
    for tenant in old.order_by("entitlement__updated_at")[:AT_ONCE]:
        try:
            perform(RenewLicence, tenant, actor=RENEWER)
        except IllegalMove:  # closed meanwhile
            continue
        done += 1
    return done

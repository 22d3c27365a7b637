"""When a product is told: before a tenant is let in, and whenever its door moves."""

from __future__ import annotations

from paybill_site.kernel.events import handles
from provisioning.events import NoticeOwed
from provisioning.models import NoticeKind, ProductNotice
from provisioning.products import telling
from tenants import opening
from tenants.events import TenantClosed, TenantResumed, TenantSuspended
from tenants.models import Tenant


@opening.before
def tell_created(tenant: Tenant, delivery_id: str) -> None:
    """Nobody is let in before the product has made what it needs."""
    telling.tell(tenant, NoticeKind.CREATED, delivery_id)


@handles(TenantSuspended)
def tell_suspended(event: TenantSuspended, delivery_id: str) -> None:
    _tell(event.tenant, NoticeKind.SUSPENDED, delivery_id)


@handles(TenantResumed)
def tell_resumed(event: TenantResumed, delivery_id: str) -> None:
    _tell(event.tenant, NoticeKind.RESUMED, delivery_id)


@handles(TenantClosed)
def tell_deleted(event: TenantClosed, delivery_id: str) -> None:
    """After the last moment at which anybody could want the tenant back."""
    _tell(event.tenant, NoticeKind.DELETED, delivery_id)


@handles(NoticeOwed)
def tell_again(event: NoticeOwed, delivery_id: str) -> None:
    telling.send(ProductNotice.objects.get(public_id=event.notice))


def _tell(tenant: str, kind: NoticeKind, delivery_id: str) -> None:
    telling.tell(Tenant.objects.get(public_id=tenant), kind, delivery_id)

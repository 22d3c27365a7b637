"""Telling a product what became of a tenant, until it has answered.

What is told is what is true when it is told: a notice that was overtaken (suspended,
but resumed before the product could be reached) is not sent any more.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from http import HTTPStatus

from django.utils import timezone

from paybill_site.kernel import actors, web, webhooks
from paybill_site.kernel.actions import perform
from provisioning.actions.products import (
    AnswerInput,
    NoticeInput,
    OweNotice,
    SettleNotice,
)
from provisioning.models import NoticeKind, NoticeState, ProductNotice
from tenants import offers
from tenants.actions.places import address, taken
from tenants.models import Entitlement, Tenant
from tenants.states import TenantState

TELLER = actors.system(
    "products",
    "tenants.view_tenant",
    "provisioning.view_productnotice",
    "provisioning.settle_productnotice",
)
LIMIT, SECONDS = 16 * 1024, 10.0
# In which states of the tenant a notice is still true.
TRUE_IN = {
    NoticeKind.CREATED: set(TenantState) - {TenantState.CLOSED},
    NoticeKind.SUSPENDED: {TenantState.SUSPENDED},
    NoticeKind.RESUMED: {TenantState.LIVE},
    NoticeKind.DELETED: {TenantState.CLOSING, TenantState.CLOSED},
}


def product_of(tenant: Tenant) -> str:
    """Code of the product that the tenant's plan names; "" is Paybill's own plane."""
    found = Entitlement.objects.filter(tenant=tenant).first()
    return offers.product_in(found.features) if found else ""


def tell(tenant: Tenant, kind: NoticeKind, key: str) -> None:
    """Tell the tenant's product, if it has one. Raises Unreachable until it answers."""
    code = product_of(tenant)
    if not code:
        return
    owed = NoticeInput(product=code, kind=kind, key=f"{key}.{kind}")
    send(perform(OweNotice, tenant, owed, actor=TELLER).result)


def send(notice: ProductNotice) -> None:
    """Send a notice and write down the answer. Raises Unreachable, Refused."""
    notice.refresh_from_db()
    if TenantState(notice.tenant.state) not in TRUE_IN[NoticeKind(notice.kind)]:
        _settle(notice, NoticeState.OVERTAKEN, f"tenant is {notice.tenant.state}")
        return
    try:
        answer = _post(notice)
    except web.Unreachable as silence:
        _settle(notice, NoticeState.OWED, silence.detail)
        raise
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        _settle(notice, NoticeState.OWED, f"answered {answer.status}")
        raise web.Unreachable(f"{notice.product} answered {answer.status}")
    _settle(notice, NoticeState.ANSWERED, f"answered {answer.status}")


def _post(notice: ProductNotice) -> web.Answer:
    body = json.dumps(payload(notice), sort_keys=True).encode()
    product = notice.product
    until = product.former_until
    keys = webhooks.good(product.secret, product.former_secret, until, timezone.now())
    return webhooks.send(
        product.address, notice.public_id, body, keys, limit=LIMIT, timeout=SECONDS
    )


def payload(notice: ProductNotice) -> dict[str, object]:
    """What a product is told: who, where, on which terms. No secret, no person."""
    tenant = notice.tenant
    terms = Entitlement.objects.get(tenant=tenant)
    place = taken(tenant)
    return {
        "type": f"tenant.{notice.kind}",
        "timestamp": datetime.now(UTC).isoformat(),
        "data": {
            "tenant": tenant.public_id,
            "sequence": notice.sequence,
            "name": tenant.name,
            "host": address(tenant),
            "isolation": terms.isolation,
            "cloud": terms.cloud,
            "region": terms.region,
            "plan": terms.plan,
            "limits": terms.limits,
            "placement": place.public_id if place else "",
        },
    }


def _settle(notice: ProductNotice, state: NoticeState, said: str) -> None:
    answer = AnswerInput(state=state, said=said[:200])
    perform(SettleNotice, notice, answer, actor=TELLER)

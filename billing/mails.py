"""Mails about invoices; sent by handlers, never inside an action."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from billing.events import UsageLimitNear
from billing.models import Invoice
from billing.rating import money
from paybill_site.kernel.usage import plain
from tenants.models import Membership, Tenant
from tenants.states import Role


def about(name: str, invoice_id: str, delivery_id: str, **more: Any) -> None:
    """Write about an invoice to the owners of its account and to who pays there."""
    rows = Invoice.objects.select_related("tenant", "customer__account", "plan")
    invoice = rows.get(public_id=invoice_id)
    context = {
        "invoice": invoice,
        "tenant": invoice.tenant,
        "total": money.text(invoice.total, invoice.currency),
        "outstanding": money.text(invoice.outstanding, invoice.currency),
        "url": settings.PAYBILL_BASE_URL
        + reverse("billing:invoice", args=[invoice.public_id]),
        **more,
    }
    readers = Membership.objects.filter(
        account=invoice.customer.account, role__in=[Role.OWNER, Role.BILLING]
    )
    for reader in readers:
        _send(name, reader.email, context, f"{delivery_id}.{reader.public_id}")


def of_limit(event: UsageLimitNear, delivery_id: str) -> None:
    """Tell the owners of an account, and who pays, that a limit is near or reached."""
    tenant = Tenant.objects.select_related("account").get(public_id=event.tenant)
    context = {
        "event": event,
        "tenant": tenant,
        "name": event.meter.replace("_", " "),
        "used": plain(event.used),
        "limit": plain(event.limit),
    }
    readers = Membership.objects.filter(
        account=tenant.account, role__in=[Role.OWNER, Role.BILLING]
    )
    for reader in readers:
        _send("limit", reader.email, context, f"{delivery_id}.{reader.public_id}")


def _send(name: str, to: str, context: dict[str, Any], once: str) -> None:
    subject = render_to_string(f"billing/mail/{name}_subject.txt", context)
    # The same delivery again has the same id, so a mail box can drop the repeat.
    host = settings.CONTROL_HOST or "paybill"
    EmailMessage(
        " ".join(subject.split()),
        render_to_string(f"billing/mail/{name}.txt", context),
        to=[to],
        headers={"Message-ID": f"<{once}@{host}>"},
    ).send()

"""Mails about invoices; sent by handlers, never inside an action."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from billing.models import Invoice
from billing.rating import money
from tenants.models import Membership
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

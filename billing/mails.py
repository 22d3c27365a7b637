"""Mails about invoices; sent by handlers, never inside an action."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from billing import documents
from billing.events import UsageLimitNear
from billing.models import CreditNote, Customer, Invoice
from billing.rating import money
from paybill_site.kernel.usage import plain
from tenants.models import Membership, Tenant
from tenants.states import Role

# Mails that have the invoice itself with them.
WITH_PAPER = frozenset({"opened"})


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
    paper = documents.pdf(invoice) if name in WITH_PAPER else None
    for address, reader in _readers(invoice.customer).items():
        _send(name, address, context, f"{delivery_id}.{reader}", paper)


def _readers(customer: Customer) -> dict[str, str]:
    """Addresses, each once, and what makes a mail to each of them another one."""
    members = Membership.objects.filter(
        account=customer.account, role__in=[Role.OWNER, Role.BILLING]
    )
    readers = {member.email: member.public_id for member in members}
    if customer.email:
        readers.setdefault(customer.email, customer.public_id)
    return readers


def of_note(note_id: str, delivery_id: str) -> None:
    """Write about a credit note to those who get the invoices."""
    note = CreditNote.objects.get(public_id=note_id)
    credited = money.text(note.total, note.currency)
    invoice = note.invoice.public_id
    about("credited", invoice, delivery_id, note=note, credited=credited)


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


def _send(
    name: str, to: str, context: dict[str, Any], once: str, paper: bytes | None = None
) -> None:
    subject = render_to_string(f"billing/mail/{name}_subject.txt", context)
    # The same delivery again has the same id, so a mail box can drop the repeat.
    host = settings.CONTROL_HOST or "paybill"
    mail = EmailMessage(
        " ".join(subject.split()),
        render_to_string(f"billing/mail/{name}.txt", context),
        to=[to],
        headers={"Message-ID": f"<{once}@{host}>"},
    )
    if paper is not None:
        mail.attach(f"{context['invoice'].number}.pdf", paper, "application/pdf")
    mail.send()

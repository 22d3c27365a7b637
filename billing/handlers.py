"""What people are told when something happened to their invoices."""

from __future__ import annotations

from billing import mails
from billing.events import InvoiceOpened, InvoiceOverdue, InvoicePaid
from paybill_site.kernel.events import handles


@handles(InvoiceOpened)
def mail_opened(event: InvoiceOpened, delivery_id: str) -> None:
    mails.about("opened", event.invoice, delivery_id)


@handles(InvoicePaid)
def mail_paid(event: InvoicePaid, delivery_id: str) -> None:
    mails.about("paid", event.invoice, delivery_id)


@handles(InvoiceOverdue)
def mail_overdue(event: InvoiceOverdue, delivery_id: str) -> None:
    mails.about("overdue", event.invoice, delivery_id, step=event.step)

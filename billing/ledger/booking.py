"""Writes bookings: sides of accounts that sum to zero, debits above it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing import clock
from billing.models import (
    CreditNote,
    Customer,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    Payment,
    Refund,
)
from billing.states import LedgerAccount, Posting
from paybill_site.kernel.ids import new_id

# Of one statement: a booking is checked by the database as a whole, so none is split.
ENTRIES = 2_000


@dataclass(frozen=True, slots=True)
class Side:
    """An amount on an account, in minor units; below zero on its credit side."""

    account: LedgerAccount
    amount: int
    line: InvoiceLine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What belongs together, and what it is about. Its sides sum to zero."""

    posting: Posting
    customer: Customer
    currency: str
    sides: Sequence[Side]
    invoice: Invoice | None = None
    payment: Payment | None = None
    note: CreditNote | None = None
    refund: Refund | None = None


def post(booking: Booking) -> None:
    """Write one booking. Only inside an action."""
    post_many([booking])


def post_many(bookings: Iterable[Booking]) -> None:
    """Write bookings; sides of nothing are left out. Raises ValueError."""
    now = clock.now()
    entries: list[LedgerEntry] = []
    for booking in bookings:
        entries += _entries(booking, now)
        if len(entries) >= ENTRIES:
            LedgerEntry.objects.bulk_create(entries)
            entries = []
    LedgerEntry.objects.bulk_create(entries)


def _entries(booking: Booking, now: datetime) -> Iterator[LedgerEntry]:
    if sum(side.amount for side in booking.sides):
        raise ValueError(f"{booking.posting}: debits and credits differ")
    together = new_id("bkg")
    for side in booking.sides:
        if side.amount:
            yield LedgerEntry(
                booking=together,
                posting=booking.posting,
                customer=booking.customer,
                account=side.account,
                amount=side.amount,
                currency=booking.currency,
                at=now,
                invoice=booking.invoice,
                line=side.line,
                payment=booking.payment,
                note=booking.note,
                refund=booking.refund,
                period_start=side.line.period_start if side.line else None,
                period_end=side.line.period_end if side.line else None,
            )

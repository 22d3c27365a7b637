"""Offers that are taken back: what would take effect with its payment never will."""

from __future__ import annotations

from billing.invoicing import closing, notes
from billing.invoicing.notes import Wish
from billing.models import Invoice
from billing.states import NoteReason


def withdraw(offer: Invoice, *, reason: str) -> None:
    """Take an open offer back; what was paid towards it goes to the balance.

    The subscription no longer waits for it, in the database too: it is closed as paid.
    """
    if offer.paid or offer.credited:
        notes.credit(offer, Wish(), reason=NoteReason.UNUSED, memo=reason)
    else:
        closing.void(offer, reason=reason)

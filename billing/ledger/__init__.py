"""The double-entry ledger: every movement of money is booked twice, in its transaction.

``booking`` writes groups that sum to zero; ``books`` says how each kind of event is
booked; ``checking`` compares the ledger with invoices, credits and payments.
"""

from __future__ import annotations

from billing.ledger.booking import Booking, Side, post, post_many

__all__ = ["Booking", "Side", "post", "post_many"]

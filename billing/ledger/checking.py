"""Compares the ledger with invoices, payments, credits and balances, to the last unit.

Each check is one statement, so it sees one moment: work that goes on meanwhile makes no
difference that is none. A row of its answer is something that does not agree: what, how
much it should be, how much it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from billing import clock
from billing.invoicing.verifying import verify
from billing.models import BooksCheck, Invoice, LedgerEntry
from billing.states import InvoiceState
from paybill_site.kernel import planes

# Enough to see what is wrong; where there are more, the first ones are the reason.
MOST = 100

CHECKS = {
    "a booking is not zero": """
        SELECT booking, 0, sum(amount) FROM billing_ledgerentry
        GROUP BY booking, currency HAVING sum(amount) <> 0
    """,
    "what is open on an invoice is not what the ledger says": """
        SELECT i.public_id,
          CASE WHEN i.state IN ('open', 'uncollectible')
            THEN i.total - i.paid - i.applied - i.noted ELSE 0 END AS should,
          coalesce(l.owed, 0) AS is
        FROM billing_invoice i LEFT JOIN (
          SELECT invoice_id, sum(amount) AS owed FROM billing_ledgerentry
          WHERE account IN ('receivable', 'bad_debt') GROUP BY invoice_id
        ) l ON l.invoice_id = i.id
        WHERE i.state <> 'draft' AND coalesce(l.owed, 0) <>
          CASE WHEN i.state IN ('open', 'uncollectible')
            THEN i.total - i.paid - i.applied - i.noted ELSE 0 END
    """,
    "an invoice is not the sum of its lines": """
        SELECT i.public_id, i.subtotal - i.discount + i.tax,
          coalesce(sum(l.amount - l.discount + l.tax), 0)
        FROM billing_invoice i LEFT JOIN billing_invoiceline l ON l.invoice_id = i.id
        GROUP BY i.id
        HAVING i.subtotal - i.discount + i.tax
          <> coalesce(sum(l.amount - l.discount + l.tax), 0)
    """,
    "a payment is not in the ledger as it came": """
        SELECT p.public_id, p.amount, coalesce(sum(l.amount), 0)
        FROM billing_payment p LEFT JOIN billing_ledgerentry l
          ON l.payment_id = p.id AND l.account = 'cash' AND l.posting = 'paid'
        WHERE p.state = 'succeeded' GROUP BY p.id
        HAVING p.amount <> coalesce(sum(l.amount), 0)
    """,
    "what was paid on an invoice is not what the ledger says": """
        SELECT i.public_id, i.paid, -coalesce(sum(l.amount), 0)
        FROM billing_invoice i LEFT JOIN billing_ledgerentry l
          ON l.invoice_id = i.id AND l.posting = 'paid'
          AND l.account IN ('receivable', 'bad_debt')
        GROUP BY i.id HAVING i.paid <> -coalesce(sum(l.amount), 0)
    """,
    "a refund is not in the ledger as it stands": """
        SELECT r.public_id,
          CASE WHEN r.state = 'succeeded' THEN -r.amount ELSE 0 END,
          coalesce(sum(l.amount), 0)
        FROM billing_refund r LEFT JOIN billing_ledgerentry l
          ON l.refund_id = r.id AND l.account = 'cash'
        GROUP BY r.id
        HAVING coalesce(sum(l.amount), 0)
          <> CASE WHEN r.state = 'succeeded' THEN -r.amount ELSE 0 END
    """,
    "what a bank took back is not in the ledger": """
        SELECT p.public_id, -coalesce(d.lost, 0), coalesce(l.moved, 0)
        FROM billing_payment p LEFT JOIN (
          SELECT payment_id, sum(amount) AS lost FROM billing_dispute
          WHERE state = 'lost' GROUP BY payment_id
        ) d ON d.payment_id = p.id LEFT JOIN (
          SELECT payment_id, sum(amount) AS moved FROM billing_ledgerentry
          WHERE account = 'cash' AND posting = 'chargeback' GROUP BY payment_id
        ) l ON l.payment_id = p.id
        WHERE coalesce(l.moved, 0) <> -coalesce(d.lost, 0)
    """,
    "a customer's balance is not what the ledger says": """
        SELECT c.public_id, c.balance, -coalesce(sum(l.amount), 0)
        FROM billing_customer c LEFT JOIN billing_ledgerentry l
          ON l.customer_id = c.id AND l.account = 'credit'
        GROUP BY c.id HAVING c.balance <> -coalesce(sum(l.amount), 0)
    """,
    "a customer's balance is not what is left of its credit": """
        SELECT c.public_id, c.balance, coalesce(sum(g.left), 0)
        FROM billing_customer c LEFT JOIN billing_creditgrant g ON g.customer_id = c.id
        GROUP BY c.id HAVING c.balance <> coalesce(sum(g.left), 0)
    """,
    "what is left of a credit is not the sum of its entries": """
        SELECT g.public_id, g.left, coalesce(sum(e.amount), 0)
        FROM billing_creditgrant g LEFT JOIN billing_balanceentry e ON e.grant_id = g.id
        GROUP BY g.id HAVING g.left <> coalesce(sum(e.amount), 0)
    """,
    "an invoice is credited by another sum than its notes": """
        SELECT i.public_id, i.credited, coalesce(sum(n.total), 0)
        FROM billing_invoice i LEFT JOIN billing_creditnote n ON n.invoice_id = i.id
        GROUP BY i.id HAVING i.credited <> coalesce(sum(n.total), 0)
          OR i.noted <> coalesce(sum(n.noted), 0)
    """,
    "a credit note is not the sum of its lines": """
        SELECT n.public_id, n.total, coalesce(sum(l.net + l.tax), 0)
        FROM billing_creditnote n LEFT JOIN billing_creditnoteline l ON l.note_id = n.id
        GROUP BY n.id HAVING n.total <> coalesce(sum(l.net + l.tax), 0)
    """,
    "a number is missing in a series": """
        SELECT s.name, s.last, count(n.sequence) FROM billing_invoiceseries s
        LEFT JOIN (
          SELECT series, sequence FROM billing_invoice WHERE sequence IS NOT NULL
          UNION ALL SELECT series, sequence FROM billing_creditnote
        ) n ON n.series = s.name
        GROUP BY s.name, s.last
        HAVING s.last <> count(n.sequence) OR s.last <> coalesce(max(n.sequence), 0)
    """,
}


def check(*, everything: bool = False) -> BooksCheck:
    """Compare all, compute new invoices again, and store what was found.

    ``everything``: compute every invoice again, not only those of the last days. Only
    inside an action.
    """
    since = BooksCheck.objects.order_by("-id").values_list("at", flat=True).first()
    new = Invoice.objects.exclude(state=InvoiceState.DRAFT)
    if since is not None and not everything:
        new = new.filter(opened_at__gte=since - timedelta(days=1))
    found = [*differences(), *_recomputed(new)]
    return BooksCheck.objects.create(
        at=clock.now(),
        invoices=new.count(),
        entries=LedgerEntry.objects.count(),
        differences=found[:MOST],
    )


def differences() -> Iterator[dict[str, Any]]:
    """What does not agree, where, and how much it should be and is (minor units)."""
    with planes.cursor() as cursor:
        for name, query in CHECKS.items():
            cursor.execute(f"{query} LIMIT {MOST}")
            for where, should, found in cursor.fetchall():
                told = {"should": int(should), "is": int(found)}
                yield {"check": name, "where": where, **told}


def _recomputed(invoices: QuerySet[Invoice]) -> Iterator[dict[str, Any]]:
    for invoice in invoices.prefetch_related("lines").iterator(chunk_size=500):
        for why in verify(invoice):
            yield {"check": why, "where": invoice.public_id}

"""What the stories of invoices do over and over: bill something, look at the books."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from billing import clock, invoicing
from billing.actions import (
    AddPromotionCode,
    CreateCoupon,
    CreditInvoice,
    MarkInvoicePaid,
    RedeemCode,
)
from billing.drafts import Draft, DraftLine
from billing.invoicing.verifying import verify
from billing.ledger.checking import differences
from billing.models import (
    CreditNote,
    Customer,
    Invoice,
    LedgerEntry,
    Redemption,
    RevenuePart,
)
from billing.rating.lines import Charge
from billing.rating.periods import Period
from billing.reports import ageing, recognition
from billing.reports.months import Months
from billing.states import InvoiceKind, LineKind
from paybill_site.kernel import actors, acts
from paybill_site.kernel.actions import perform
from paybill_site.kernel.planes import atomic

EUROS = "EUR"
KEEPER = actors.system(
    "keeper",
    *(
        f"billing.{name}"
        for name in (
            "view_customer", "view_invoice", "view_coupon", "view_payment",
            "view_refund", "view_promotioncode", "view_redemption", "view_creditnote",
            "add_invoice", "add_coupon", "add_promotioncode", "add_creditnote",
            "redeem_coupon", "adjust_balance", "settle_invoice", "void_invoice",
            "refund_payment", "settle_refund", "buy_credit", "check_books",
            "expire_credit", "view_creditgrant", "end_redemption", "retire_coupon",
        )
    ),
)  # fmt: skip


@contextmanager
def at_work() -> Iterator[None]:
    """As inside an action: for functions that actions are made of."""
    with acts.entered(acts.Act("billing.test", KEEPER)), atomic():
        yield


def line(amount: int, words: str = "Work", **other: Any) -> DraftLine:
    """A charge for the thirty days that begin now."""
    now = clock.now()
    kind = other.pop("kind", LineKind.OTHER)
    charge = Charge(unit_amount=amount, currency=EUROS)
    return DraftLine(
        words, charge, kind, Period(now, now + timedelta(days=30)), **other
    )


def draft(customer: Customer, *lines: DraftLine | int) -> Draft:
    made = tuple(line(each) if isinstance(each, int) else each for each in lines)
    return Draft(customer, InvoiceKind.ONE_OFF, EUROS, made, clock.now())


def bill(customer: Customer, *lines: DraftLine | int) -> Invoice:
    """An invoice of these lines (or amounts), finalised."""
    customer.refresh_from_db()
    with at_work():
        invoice = invoicing.issue(draft(customer, *lines))
    customer.refresh_from_db()
    return invoice


def pay(invoice: Invoice, amount: int | None = None, reference: str = "") -> None:
    named = reference or f"bank {invoice.number} {invoice.paid}"
    transfer: dict[str, Any] = {"reference": named}
    if amount is not None:
        transfer["amount"] = amount
    perform(MarkInvoicePaid, invoice, transfer, actor=KEEPER)
    invoice.refresh_from_db()
    invoice.customer.refresh_from_db()


def credit(invoice: Invoice, **wish: Any) -> CreditNote:
    asked = {"reason": "other", **wish}
    note: CreditNote = perform(CreditInvoice, invoice, asked, actor=KEEPER).result
    invoice.refresh_from_db()
    invoice.customer.refresh_from_db()
    return note


def coupon(code: str = "SAVE", **terms: Any) -> str:
    """A coupon with a code, percent off unless told; returns the code."""
    if "amount" in terms:
        terms = {"currency": EUROS, **terms}
    else:
        terms = {"percent": str(terms.pop("percent", 10)), **terms}
    limits = {n: terms.pop(n) for n in ("code_max", "customer") if n in terms}
    made = perform(CreateCoupon, None, {"name": code.title(), **terms}, actor=KEEPER)
    wanted: dict[str, Any] = {"code": code}
    if "code_max" in limits:
        wanted["max_redemptions"] = limits["code_max"]
    if "customer" in limits:
        wanted["customer"] = limits["customer"]
    perform(AddPromotionCode, made.result, wanted, actor=KEEPER)
    return code


def redeem(customer: Customer, code: str) -> Redemption:
    found: Redemption = perform(
        RedeemCode, customer, {"code": code}, actor=KEEPER
    ).result
    return found


def assert_books_agree() -> None:
    """Every invoice can be recomputed, and every check of the night finds nothing."""
    assert list(differences()) == []
    for invoice in Invoice.objects.all():
        assert verify(invoice) == []


def assert_reports_agree() -> None:
    """What is open by age is what the ledger says, and so is revenue by month."""
    while recognition.recognise():
        pass
    booked: dict[str, int] = {}
    for account, amount in LedgerEntry.objects.values_list("account", "amount"):
        booked[account] = booked.get(account, 0) + amount
    tables = ageing.tables(Months(clock.now().date().replace(day=1), 1))
    aged = [row.figures[1].value or 0 for table in tables for row in table.rows]
    assert sum(aged) == booked.get("receivable", 0)
    parts = RevenuePart.objects.values_list("amount", flat=True)
    assert sum(parts) == -booked.get("revenue", 0)

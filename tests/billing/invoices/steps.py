"""Steps of a random story about one customer."""

from __future__ import annotations

from collections.abc import Callable

from billing.actions import GrantCredit, ReduceCredit, VoidInvoice
from billing.models import Customer, Invoice
from paybill_site.kernel.actions import perform
from tests.billing.invoices import desk
from tests.billing.invoices.desk import KEEPER


def _newest(customer: Customer) -> Invoice:
    found = Invoice.objects.filter(customer=customer).order_by("-id").first()
    return found or desk.bill(customer, 1000)


def bill(customer: Customer, amount: int) -> None:
    desk.bill(customer, amount or 1, 500)


def pay(customer: Customer, amount: int) -> None:
    desk.pay(_newest(customer), abs(amount) + 1)


def credit(customer: Customer, amount: int) -> None:
    desk.credit(_newest(customer), amount=abs(amount) + 1)


def refund(customer: Customer, amount: int) -> None:
    desk.credit(_newest(customer), to="refund")


def grant(customer: Customer, amount: int) -> None:
    given = {"amount": abs(amount) + 1, "reason": "sorry", "promotion": amount > 0}
    perform(GrantCredit, customer, given, actor=KEEPER)


def reduce(customer: Customer, amount: int) -> None:
    asked = {"amount": abs(amount) + 1, "reason": "mistake"}
    perform(ReduceCredit, customer, asked, actor=KEEPER)


def void(customer: Customer, amount: int) -> None:
    perform(VoidInvoice, _newest(customer), actor=KEEPER)


DO: dict[str, Callable[[Customer, int], None]] = {
    "bill": bill,
    "pay": pay,
    "credit": credit,
    "refund": refund,
    "grant": grant,
    "reduce": reduce,
    "void": void,
}

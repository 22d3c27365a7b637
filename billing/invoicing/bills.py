"""A draft with discounts and tax: what the invoice will say. Nothing is written.

Coupons are taken off first, then tax is put on what is left. What the drafts of a
batch need is read at once: the coupons that hold, and the rates of tax.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from billing import balance, coupons, taxing
from billing.coupons import Off, Taken
from billing.drafts import Draft, DraftLine
from billing.models import Redemption
from billing.rating import dates, taxes, totals
from billing.rating.taxes import Assessment
from billing.rating.totals import Totals
from billing.states import LineKind
from billing.taxing import Table, Taxable

# Taxed when it is used; taxed by the invoice that was paid first.
UNTAXED = frozenset({LineKind.PREPAID, LineKind.CHARGEBACK})


@dataclass(frozen=True)
class BillLine:
    """One line with what is taken off it and how it is taxed. Minor units."""

    draft: DraftLine
    offs: tuple[Off, ...] = ()
    assessment: Assessment | None = None

    @cached_property
    def amount(self) -> int:
        """As the price says, before the discount; with tax where prices contain it."""
        return self.draft.amount

    @cached_property
    def discount(self) -> int:
        return sum(off.amount for off in self.offs)

    @cached_property
    def tax(self) -> int:
        return self.assessment.tax if self.assessment else 0

    @cached_property
    def included(self) -> int:
        """The tax that the amount contains already."""
        return self.tax if self.assessment and self.assessment.inclusive else 0

    @property
    def net(self) -> int:
        """What is earned by it."""
        return self.amount - self.discount - self.included


@dataclass(frozen=True)
class Bill:
    """The lines and what stands below them, in minor units of the draft's currency.

    subtotal - discount + tax - included = total. A total below zero is nothing to pay
    and a credit for the customer. ``balance`` is the credit that can be used for it.
    """

    draft: Draft
    lines: tuple[BillLine, ...]
    taken: tuple[Taken, ...] = ()
    balance: int = 0

    @cached_property
    def totals(self) -> Totals:
        """The sums that stand below the lines."""
        return totals.below(self.lines)

    @property
    def subtotal(self) -> int:
        return self.totals.subtotal

    @property
    def discount(self) -> int:
        return self.totals.discount

    @property
    def tax(self) -> int:
        return self.totals.tax

    @property
    def included(self) -> int:
        return self.totals.included

    @property
    def total(self) -> int:
        return self.totals.total

    @property
    def applied(self) -> int:
        """From the customer's balance; below zero where it goes to the balance."""
        return min(self.total, self.balance)

    @property
    def due(self) -> int:
        """To pay once the balance is used."""
        return self.total - self.applied


def total_up(draft: Draft, code: str = "") -> Bill:
    """The invoice that ``issue`` would make of a draft.

    ``code``: as if this promotion code were redeemed before. Raises what
    ``coupons.redeem`` raises.
    """
    return work_out([draft], code)[0]


def work_out(drafts: Sequence[Draft], code: str = "") -> list[Bill]:
    """A bill for each draft, in a number of queries that does not grow."""
    customers = {draft.customer.pk: draft.customer for draft in drafts}
    held = coupons.held_by(customers.values())
    for customer in customers.values() if code else ():
        found = coupons.code_for(customer, code)
        tried = Redemption(customer=customer, coupon=found.coupon, code=found)
        held[customer.pk].append(tried)
    countries = {taxing.decision_for(c).country for c in customers.values()}
    table = Table.of(countries if taxing.seller_country() else ())
    usable = balance.usable(customers.values())
    bills = []
    for draft in drafts:
        own = [row for row in held[draft.customer.pk] if not coupons.spent(row)]
        lines, taken = _lines(draft, own, table)
        for each in taken:
            coupons.count(each)
        bills.append(Bill(draft, lines, taken, usable.get(draft.customer.pk, 0)))
    return bills


def _lines(
    draft: Draft, held: Sequence[Redemption], table: Table
) -> tuple[tuple[BillLine, ...], tuple[Taken, ...]]:
    offs, taken = coupons.take_off(draft, held)
    taxable = [
        _taxable(line, sum(off.amount for off in of_line))
        for line, of_line in zip(draft.lines, offs, strict=True)
    ]
    # The rates of the day by the customer's calendar, as periods are.
    day = dates.local(draft.at, draft.customer.zone)
    assessed = taxing.assess(draft.customer, taxable, day, table)
    lines = tuple(
        BillLine(line, tuple(of_line), assessment)
        for line, of_line, assessment in zip(draft.lines, offs, assessed, strict=True)
    )
    return lines, tuple(taken)


def _taxable(line: DraftLine, discount: int) -> Taxable:
    (tax_class, inclusive), charged = line.taxed_as, line.gives_back
    before = taxes.assessment_of(charged.taxed) if charged and charged.taxed else None
    return Taxable(
        amount=line.amount - discount,
        tax_class=tax_class,
        inclusive=inclusive,
        taxed=line.kind not in UNTAXED,
        as_before=before,
    )

"""How each line of a draft is taxed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.conf import settings

from billing.models import Customer
from billing.rating import taxes, totals
from billing.rating.taxes import Assessment, Buyer, Decision, Treatment
from billing.states import TaxBy
from billing.taxing import numbers
from billing.taxing.table import Case, Table

EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Taxable:
    """A line after its discount. ``as_before``: how what it gives back was taxed."""

    amount: int
    tax_class: str = "standard"
    inclusive: bool = False
    taxed: bool = True
    as_before: Assessment | None = None


def seller_country() -> str:
    """Where the seller is, or "": then nothing is taxed, and operators are told."""
    return str(settings.PAYBILL_SELLER["country"]).upper()


def decision_for(customer: Customer) -> Decision:
    """Who owes the tax on what this customer buys.

    A customer whose country is not known is taxed as if at home.
    """
    seller = seller_country()
    buyer = Buyer(
        country=customer.country or seller,
        business=customer.business,
        vat_checked=numbers.checked(customer.vat_number, customer.country),
        exempt=customer.tax_exempt,
    )
    decision = taxes.decide(seller, buyer)
    if customer.country:
        return decision
    return replace(decision, reason="the customer's country is not known")


def assess(
    customer: Customer, lines: Sequence[Taxable], day: date, table: Table
) -> list[Assessment | None]:
    """The assessment of each line; None where the seller has no country set."""
    if not seller_country():
        return [None] * len(lines)
    decision = decision_for(customer)
    each = [_one(customer, decision, line, day, table) for line in lines]
    # An electronic invoice knows no other tax than that on the sum.
    on_the_sum = customer.tax_by == TaxBy.TOTAL or customer.e_invoice
    return [*totals.on_the_sum(each)] if on_the_sum else [*each]


def _one(
    customer: Customer, decision: Decision, line: Taxable, day: date, table: Table
) -> Assessment:
    if line.as_before is not None:
        return replace(line.as_before, taxable=line.amount, before=0)
    if not line.taxed:
        reason = "taxed when it is used"
        return Assessment(line.amount, treatment=Treatment.OUTSIDE, reason=reason)
    if line.tax_class == EXEMPT:
        reason = "the product is exempt"
        return Assessment(line.amount, treatment=Treatment.EXEMPT, reason=reason)
    found = Assessment(
        line.amount,
        treatment=decision.treatment,
        country=decision.country,
        reason=decision.reason,
    )
    if not decision.taxed:
        return found
    case = Case(decision.country, customer.region, customer.business, day)
    rates = table.rates_for(case, line.tax_class)
    if not rates:
        return replace(found, reason=f"no rate is known for {decision.country}")
    return replace(
        found,
        percents=tuple(Decimal(rate.percent).normalize() for rate in rates),
        names=tuple(rate.name for rate in rates),
        inclusive=line.inclusive,
    )

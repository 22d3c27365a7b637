"""Tax: each rate rounded by itself, inside or on top of a price, and who owes it."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from billing.rating import taxes
from billing.rating.conventions import ISO_4217, STRIPE, NotPayable
from billing.rating.taxes import Assessment, Buyer, Treatment, decide


def test_each_tax_is_rounded_and_not_their_sum() -> None:
    each = taxes.exclusive(9999, [D("8.875"), D("2.125"), D("0.5")])
    assert each == [887, 212, 50]
    assert sum(each) == 1149


def test_a_price_that_contains_its_tax() -> None:
    found = Assessment(11900, (D(19),), inclusive=True)
    assert (found.net, found.taxes, found.gross) == (10000, [1900], 11900)
    two = Assessment(1000, (D(5), D("9.975")), inclusive=True)
    assert (two.net, two.taxes) == (870, [43, 87])


@pytest.mark.parametrize(
    ("buyer", "treatment"),
    [
        (Buyer("DE"), Treatment.DOMESTIC),
        (Buyer("DE", business=True, vat_checked=True), Treatment.DOMESTIC),
        (Buyer("FR", business=True, vat_checked=True), Treatment.REVERSE_CHARGE),
        (Buyer("FR", business=True), Treatment.DESTINATION),
        (Buyer("FR", vat_checked=True), Treatment.DESTINATION),
        (Buyer("CH", business=True), Treatment.OUTSIDE),
        (Buyer("GB"), Treatment.OUTSIDE),
        (Buyer("FR", exempt=True), Treatment.EXEMPT),
    ],
)
def test_who_owes_the_tax_follows_from_seller_and_buyer(
    buyer: Buyer, treatment: Treatment
) -> None:
    found = decide("DE", buyer)
    assert found.treatment == treatment
    assert found.taxed == (treatment in {Treatment.DOMESTIC, Treatment.DESTINATION})
    assert found.reason


@pytest.mark.parametrize(
    ("currency", "minor", "sent"),
    [("EUR", 4900, 4900), ("JPY", 500, 500), ("UGX", 5, 500), ("ISK", 5, 500)],
)
def test_a_gateway_counts_some_currencies_in_its_own_way(
    currency: str, minor: int, sent: int
) -> None:
    assert STRIPE.sent(minor, currency) == sent
    assert STRIPE.received(sent, currency) == minor


def test_zeros_on_the_wire_are_no_digits() -> None:
    assert STRIPE.exponent("UGX") == ISO_4217.exponent("UGX") == 0
    assert STRIPE.minor(D(500), "UGX") == 500
    assert (STRIPE.exponent("MGA"), ISO_4217.exponent("MGA")) == (0, 2)


@pytest.mark.parametrize(("minor", "currency"), [(150, "MGA"), (5123, "KWD")])
def test_what_a_gateway_can_not_collect_is_refused_not_rounded(
    minor: int, currency: str
) -> None:
    with pytest.raises(NotPayable, match=currency):
        STRIPE.sent(minor, currency)
    with pytest.raises(NotPayable, match="ISK"):
        STRIPE.received(501, "ISK")

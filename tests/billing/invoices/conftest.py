"""A customer, and a seller in Germany."""

from __future__ import annotations

from typing import Any

import pytest

from billing import customers
from billing.models import Customer
from tenants.models import Account
from tests.billing.desk import Turn

SELLER = {
    "name": "Sample Software GmbH",
    "street": "Beispielstraße 1",
    "postcode": "10115",
    "city": "Berlin",
    "country": "DE",
    "vat_number": "DE136695976",
    "email": "billing@example.com",
    "iban": "DE02120300000000202051",
}


@pytest.fixture
def customer(turn: Turn, account: Account) -> Customer:
    """Acme, billed in euros; nothing about taxes is known."""
    found = customers.of(account)
    found.currency = "EUR"
    found.save()
    return found


@pytest.fixture
def seller(settings: Any) -> dict[str, str]:
    """Who sells is known: from Germany."""
    settings.PAYBILL_SELLER = SELLER
    return SELLER


@pytest.fixture
def german(customer: Customer, seller: dict[str, str]) -> Customer:
    return _of(customer, "DE", name="Bäckerei Größe & Söhne KG", language="de")


def _of(customer: Customer, country: str, **other: Any) -> Customer:
    for name, value in {"country": country, **other}.items():
        setattr(customer, name, value)
    customer.save()
    return customer

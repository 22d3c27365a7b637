"""The customer of an account: made at the first need, locked first of all rows."""

from __future__ import annotations

from billing.models import Customer
from tenants.models import Account


def of(account: Account) -> Customer:
    """The account's customer, locked until the commit. Only inside an action.

    Whoever changes anything of billing takes this lock first, then subscriptions, then
    invoices: so two of them never wait for each other in a circle.
    """
    Customer.objects.get_or_create(account=account, defaults={"name": account.name})
    rows = Customer.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("account").get(account=account)


def locked(pk: int) -> Customer:
    """A customer by its key, locked until the commit. Only inside an action."""
    rows = Customer.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("account").get(pk=pk)

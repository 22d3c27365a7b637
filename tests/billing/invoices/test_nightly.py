"""The books are closed every day, whatever restarts and whatever one customer does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing import clock, customers
from billing.actions import GrantCredit
from billing.actions.credits import ExpireCredit
from billing.ledger.tasks import close_day
from billing.models import BooksCheck, Customer
from paybill_site.celery import EVERY
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import Conflict
from tenants.models import Account
from tests.billing.desk import Turn
from tests.billing.invoices.desk import KEEPER

HOUR = timedelta(hours=1)


def test_a_scheduler_that_starts_anew_every_day_puts_nothing_off(
    customer: Customer, turn: Turn
) -> None:
    """It forgets when it asked last; the last check is a row."""
    assert EVERY["billing.close_day"] <= HOUR.total_seconds()
    for _ in range(48):
        close_day()
        turn(HOUR)
    assert BooksCheck.objects.count() == 3
    turn(timedelta(days=5))
    close_day()
    assert BooksCheck.objects.count() == 4


@pytest.mark.parametrize("trouble", [Conflict("paid meanwhile"), ZeroDivisionError()])
def test_one_that_fails_keeps_neither_the_others_nor_the_check(
    trouble: Exception,
    customer: Customer,
    turn: Turn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = customers.of(Account.objects.create(name="Other"))
    other.currency = "EUR"
    other.save()
    soon = (clock.now() + timedelta(days=5)).isoformat()
    given = {"amount": 1000, "reason": "sorry", "promotion": True, "expires_at": soon}
    for each in (customer, other):
        perform(GrantCredit, each, given, actor=KEEPER)
    expire = ExpireCredit.run

    def fails(self: ExpireCredit, target: Customer, *data: Any, **more: Any) -> Any:
        if target == customer:
            raise trouble
        return expire(self, target, *data, **more)

    monkeypatch.setattr(ExpireCredit, "run", fails)
    turn(timedelta(days=6))
    close_day()
    customer.refresh_from_db()
    other.refresh_from_db()
    assert (customer.balance, other.balance) == (1000, 0)
    assert BooksCheck.objects.count() == 1

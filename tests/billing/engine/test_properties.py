"""What holds for every catalogue and every customer, with rows that are written."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from billing import clock, engine
from billing.models import Invoice, SubscriptionItem
from billing.tasks import bill
from paybill_site.kernel.planes import Place
from tests.billing.engine import worlds

DAY = timedelta(days=1)


@pytest.mark.parametrize("seed", range(4))
def test_billing_in_one_go_is_billing_day_by_day(control: Place, seed: int) -> None:
    dice = Random(seed)  # noqa: S311 - the same each time
    with clock.at(worlds.START):
        code, seats = worlds.a_catalogue(dice), {"seats": dice.randint(1, 12)}
        one = worlds.a_customer(dice)
        other = worlds.like(one)
        daily = worlds.subscribe(one, code, seats)
        late = worlds.subscribe(other, code, seats)
    for day in range(1, 121):
        with clock.at(worlds.START + day * DAY):
            worlds.bill(daily)
            worlds.pay(one)
    with clock.at(worlds.START + 120 * DAY):
        worlds.bill(late)
    assert worlds.billed(one) == worlds.billed(other)
    assert worlds.billed(one)


@pytest.mark.parametrize("seed", range(4, 8))
def test_what_was_foretold_is_what_is_billed_and_again_adds_nothing(
    control: Place, seed: int
) -> None:
    dice = Random(seed)  # noqa: S311 - the same each time
    with clock.at(worlds.START):
        customer = worlds.a_customer(dice)
        seats = {"seats": dice.randint(1, 12)}
        row = worlds.subscribe(customer, worlds.a_catalogue(dice), seats)
        customer.refresh_from_db()
        before = Invoice.objects.count()
        until = worlds.START + 100 * DAY
        steps = list(engine.ahead(customer, until))
        foretold = sorted(
            (line.description, line.amount)
            for step in steps
            for draft in step.drafts
            for line in draft.lines
        )
        assert Invoice.objects.count() == before  # asking writes nothing
    known = {line[:2] for line in worlds.billed(customer)}
    with clock.at(until):
        worlds.bill(row)
        made = sorted(line[:2] for line in worlds.billed(customer))
        assert [line for line in made if line not in known] == [
            line for line in foretold if line not in known
        ]
        rows = list(SubscriptionItem.objects.order_by("pk").values())
        assert bill() == 0
        assert worlds.bill(row) == 0
        assert rows == list(SubscriptionItem.objects.order_by("pk").values())

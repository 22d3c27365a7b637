"""Usage of a period that is billed: what comes late, and what is taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from billing import clock, engine
from billing.actions import CancelSubscription, Subscribe
from billing.actions.biller import BILLER, BillBatch
from billing.models import (
    Coupon,
    Customer,
    Invoice,
    InvoiceLine,
    MeteredPeriod,
    Redemption,
    Subscription,
)
from billing.rating.usage import Aggregation
from billing.states import LineKind
from billing.tasks import bill, bill_one
from billing.usage import tasks as usage
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.planes import CONTROL, plane
from tenants.models import Account, Tenant
from tests.billing.desk import START, Turn, only_open, pay_in_full, sell
from tests.billing.engine.worlds import SELLER
from tests.billing.usage.desk import a_meter, an_event, send, taken_back
from tests.cast import make_tenant

DAY = timedelta(days=1)
FIRST, SECOND, THIRD = START + 10 * DAY, START + 35 * DAY, START + 65 * DAY
TIERS = [
    {"up_to": "100", "unit_amount": "0.10"},
    {"up_to": None, "unit_amount": "0.05"},
]


def metered(**card: Any) -> dict[str, Any]:
    price = {"model": "graduated", "tiers": TIERS}
    return {
        "code": "calls",
        "kind": "usage",
        "meter": "calls",
        "card": {"price": price, **card},
    }


@pytest.fixture
def calls(turn: Turn) -> None:
    a_meter(Aggregation.SUM, "calls")


@pytest.fixture
def row(calls: None, tenant: Tenant, owner: Actor) -> Subscription:
    """30.00 a month, and calls at 0.10, from the hundredth on at 0.05."""
    return taken(tenant, owner, metered())


def taken(tenant: Tenant, owner: Actor, price: dict[str, Any]) -> Subscription:
    sell("metered", 3000, prices=[price])
    row = perform(Subscribe, tenant, {"plan": "metered"}, actor=owner).result
    pay_in_full(only_open(row))
    row.refresh_from_db()
    return row


def used(tenant: Tenant, number: str, at: datetime = FIRST) -> dict[str, Any]:
    """So many calls are reported; a sweep adds them up."""
    event = an_event(tenant, "calls", at=at.isoformat(), properties={"n": number})
    assert send(event).accepted == 1
    usage.roll_up_usage()
    return event


def period(row: Subscription, turn: Turn) -> dict[LineKind, list[int]]:
    """Let the next period begin; what its invoice says of usage, in minor units."""
    row.refresh_from_db()
    turn(row.period_end - clock.now())
    bill_one(row.public_id)
    usage.roll_up_usage()
    return said(Invoice.objects.latest("pk"))


def said(invoice: Invoice) -> dict[LineKind, list[int]]:
    kinds = (LineKind.USAGE, LineKind.COMMITMENT)
    lines = InvoiceLine.objects.filter(invoice=invoice).order_by("position")
    found = {kind: [line.amount for line in lines.filter(kind=kind)] for kind in kinds}
    return {kind: amounts for kind, amounts in found.items() if amounts}


def test_what_comes_late_is_billed_as_the_difference_of_all_of_it(
    row: Subscription, tenant: Tenant, turn: Turn
) -> None:
    turn(12 * DAY)
    used(tenant, "90")
    assert period(row, turn) == {LineKind.USAGE: [900]}
    used(tenant, "30")  # ten more of the first tier, and twenty of the second
    invoices = Invoice.objects.count()
    bill()
    assert Invoice.objects.count() == invoices  # it waits for the next invoice
    [_, now, late] = foretold(row)
    assert (now.amount, late.amount) == (0, 200)
    assert late.description == "Calls, 31 Jan 2026 to 28 Feb 2026, usage reported since"
    assert "less 9.00 EUR billed before" in late.line.why
    assert period(row, turn) == {LineKind.USAGE: [0, 200]}
    assert period(row, turn) == {LineKind.USAGE: [0]}


def foretold(row: Subscription) -> Any:
    draft = engine.next_draft(row.customer, clock.now() + 40 * DAY)
    assert draft is not None
    return draft.lines


def test_a_sweep_twice_and_the_biller_twice_add_nothing(
    row: Subscription, tenant: Tenant, turn: Turn
) -> None:
    period(row, turn)
    used(tenant, "10")
    usage.roll_up_usage()
    usage.roll_up_usage()
    assert period(row, turn) == {LineKind.USAGE: [0, 100]}
    before = Invoice.objects.count(), InvoiceLine.objects.count()
    usage.roll_up_usage()
    bill()
    bill_one(row.public_id)
    assert before == (Invoice.objects.count(), InvoiceLine.objects.count())


def test_what_is_taken_back_lowers_the_next_invoice(
    row: Subscription, tenant: Tenant, turn: Turn
) -> None:
    turn(12 * DAY)
    event = used(tenant, "120")
    assert period(row, turn) == {LineKind.USAGE: [1100]}
    assert send(taken_back(event)).accepted == 1
    usage.roll_up_usage()
    assert period(row, turn) == {LineKind.USAGE: [0, -1100]}
    assert only_open_total(row) == 3000 - 1100


def half(row: Subscription) -> None:
    """Half off everything, from now on."""
    coupon = Coupon.objects.create(name="Half", percent=50, duration="forever")
    Redemption.objects.create(customer=row.customer, coupon=coupon)


def only_open_total(row: Subscription) -> int:
    return row.invoices.filter(state="open").latest("pk").total


def test_a_discount_goes_back_with_what_it_was_for(
    row: Subscription, tenant: Tenant, turn: Turn
) -> None:
    half(row)
    turn(12 * DAY)
    event = used(tenant, "100")
    period(row, turn)
    assert only_open_total(row) == (3000 + 1000) // 2
    send(taken_back(event))
    usage.roll_up_usage()
    period(row, turn)
    assert only_open_total(row) == 3000 // 2 - 1000 // 2


def test_an_event_of_two_periods_ago_is_rated_with_that_period(
    row: Subscription, tenant: Tenant, turn: Turn
) -> None:
    turn(12 * DAY)
    used(tenant, "100")
    assert period(row, turn) == {LineKind.USAGE: [1000]}
    assert period(row, turn) == {LineKind.USAGE: [0]}
    used(tenant, "20", FIRST)
    used(tenant, "7", SECOND)
    assert period(row, turn) == {LineKind.USAGE: [0, 100, 70]}


def test_a_minimum_is_asked_for_once_and_filled_by_what_comes_late(
    calls: None, tenant: Tenant, owner: Actor, turn: Turn
) -> None:
    row = taken(tenant, owner, metered(minimum="20"))
    turn(12 * DAY)
    event = used(tenant, "50")
    both = {LineKind.USAGE: [500], LineKind.COMMITMENT: [1500]}
    assert period(row, turn) == both
    used(tenant, "50")
    nothing = {LineKind.USAGE: [0, 500], LineKind.COMMITMENT: [2000, -500]}
    assert period(row, turn) == nothing
    used(tenant, "400")  # 30.00 by now, ten more than the minimum
    more = {LineKind.USAGE: [0, 2000], LineKind.COMMITMENT: [2000, -1000]}
    assert period(row, turn) == more
    send(taken_back(event))
    usage.roll_up_usage()
    assert period(row, turn)[LineKind.USAGE] == [0, -250]


def test_a_most_is_never_passed(
    calls: None, tenant: Tenant, owner: Actor, turn: Turn
) -> None:
    row = taken(tenant, owner, metered(maximum="12"))
    turn(12 * DAY)
    used(tenant, "100")
    assert period(row, turn) == {LineKind.USAGE: [1000]}
    used(tenant, "1000")
    assert period(row, turn) == {LineKind.USAGE: [0, 200]}


def test_who_has_no_invoice_to_come_gets_one_of_its_own(
    row: Subscription, tenant: Tenant, owner: Actor, turn: Turn
) -> None:
    turn(12 * DAY)
    event = used(tenant, "50")
    perform(CancelSubscription, row, {"when": "now"}, actor=owner)
    assert said(Invoice.objects.latest("pk")) == {LineKind.USAGE: [500]}
    used(tenant, "10")
    bill()
    invoice = Invoice.objects.latest("pk")
    assert (invoice.total, said(invoice)) == (100, {LineKind.USAGE: [100]})
    send(taken_back(event))
    usage.roll_up_usage()
    bill()
    invoice = Invoice.objects.latest("pk")
    assert (invoice.total, invoice.state) == (-500, "paid")
    open_ones = Invoice.objects.filter(state="open")
    left = Customer.objects.get(pk=row.customer_id).balance
    assert sum(invoice.outstanding for invoice in open_ones) - left == 100
    many = Invoice.objects.count()
    usage.roll_up_usage()
    bill()
    assert Invoice.objects.count() == many


def test_usage_that_comes_in_after_the_bill_read_it_and_before_it_is_there(
    row: Subscription, tenant: Tenant, turn: Turn
) -> None:
    """The roll-up can not mark what is not committed; it is looked at afterwards."""
    turn(12 * DAY)
    used(tenant, "10")
    assert period(row, turn) == {LineKind.USAGE: [100]}
    used(tenant, "10")
    MeteredPeriod.objects.update(standing="new")  # as if the roll-up had seen no row
    usage.roll_up_usage()
    assert MeteredPeriod.objects.get(start=START).standing == "late"
    assert period(row, turn) == {LineKind.USAGE: [0, 100]}


def test_a_biller_that_is_killed_bills_the_difference_once(
    row: Subscription, tenant: Tenant, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    period(row, turn)
    used(tenant, "10")
    row.refresh_from_db()
    turn(row.period_end - clock.now())
    with monkeypatch.context() as patched:
        patched.setattr("billing.agenda.reschedule_all", lambda accounts: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            bill_one(row.public_id)
    assert MeteredPeriod.objects.get(start=START).billed == 0
    bill_one(row.public_id)
    assert said(Invoice.objects.latest("pk")) == {LineKind.USAGE: [0, 100]}
    assert MeteredPeriod.objects.get(start=START).billed == 100


def test_late_usage_of_many_customers_takes_as_many_queries_as_of_few(
    calls: None, turn: Turn
) -> None:
    sell("metered", 3000, prices=[metered()])

    def count(size: int) -> int:
        rows = [several(f"{size}-{number}") for number in range(size)]
        moved = max(row.period_end for row in rows) - clock.now()
        turn(moved)
        bill()
        for row in rows:
            at = row.period_start.isoformat()
            send(an_event(row.tenant, "calls", at=at, properties={"n": "10"}))
        usage.roll_up_usage()
        Customer.objects.update(next_at=None)
        Customer.objects.filter(subscriptions__in=rows).update(next_at=clock.now())
        turn(32 * DAY)
        late = MeteredPeriod.objects.filter(
            standing="late", item__subscription__in=rows
        )
        assert late.count() == size
        with CaptureQueriesContext(connections["default"]) as seen:
            perform(BillBatch, None, {"most": 100}, actor=BILLER)
        assert late.count() == 0
        return len(seen)

    count(1)
    assert count(2) == count(7)


def several(name: str) -> Subscription:
    account = Account.objects.create(name=name)
    tenant = make_tenant(account, f"many-{name}")
    row = perform(Subscribe, tenant, {"plan": "metered"}, actor=SELLER).result
    pay_in_full(only_open(row), name)
    row.refresh_from_db()
    return row


def test_two_billers_at_once_bill_a_difference_once(committed: None) -> None:
    """The second waits for the customer, and then finds nothing to do."""
    with plane(CONTROL), clock.at(START):
        a_meter(Aggregation.SUM, "calls")
        sell("metered", 3000, prices=[metered()])
        row = several("twice")
    with plane(CONTROL), clock.at(row.period_end):
        bill_one(row.public_id)
        pay_in_full(only_open(row), "twice again")
        used(row.tenant, "10")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(a_worker, [row, row]))
    with plane(CONTROL):
        amounts = InvoiceLine.objects.filter(kind="usage").order_by("pk")
        assert sorted(line.amount for line in amounts) == [0, 0, 100]
        assert MeteredPeriod.objects.filter(standing="late").count() == 0


def a_worker(row: Subscription) -> None:
    try:
        with plane(CONTROL), clock.at(row.period_end + 31 * DAY):
            usage.roll_up_usage()
            bill()
    finally:
        connections.close_all()

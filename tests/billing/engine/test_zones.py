"""An account moves to another time zone: nothing is billed twice, nothing left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing import clock
from billing.actions import Subscribe
from billing.actions.zones import SetTimeZone
from billing.models import InvoiceLine, Subscription
from billing.rating.usage import Aggregation
from billing.states import LineKind
from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform, rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, Invalid
from tenants.models import Account, Tenant
from tests.billing.desk import Turn, live, only_open, pay_in_full, sell
from tests.billing.usage.desk import a_meter, an_event, send
from tests.cast import LogIn

ZONES = ["America/Los_Angeles", "Europe/Berlin", "Pacific/Kiritimati", "UTC"]


def move(account: Account, zone: str, actor: Actor) -> None:
    perform(SetTimeZone, account, {"time_zone": zone}, actor=actor)


def billed(subscription: Subscription) -> list[InvoiceLine]:
    lines = InvoiceLine.objects.filter(subscription=subscription)
    return list(lines.order_by("period_start", "pk"))


def months_go_by(subscription: Subscription, turn: Turn, count: int) -> None:
    """Each period of it ends, and what the next one costs is paid."""
    for _ in range(count):
        subscription.refresh_from_db()
        turn(subscription.period_end - clock.now())
        live(subscription)
        for invoice in subscription.invoices.filter(state="open"):
            pay_in_full(invoice)


def test_the_running_period_ends_as_before_and_the_next_are_whole_ones(
    subscription: Subscription, account: Account, owner: Actor, turn: Turn
) -> None:
    months_go_by(subscription, turn, 3)
    subscription.refresh_from_db()
    ends = subscription.period_end
    turn(timedelta(days=10))
    move(account, "Europe/Berlin", owner)
    subscription.refresh_from_db()
    assert subscription.period_end == ends
    assert subscription.next_at == ends
    months_go_by(subscription, turn, 8)
    lines = billed(subscription)
    assert {line.amount for line in lines} == {3000}
    # From the summer on at the same time of day in Berlin, winter and summer.
    assert lines[-1].period_end == datetime(2027, 1, 31, 13, tzinfo=UTC)


@pytest.mark.parametrize("first", ZONES)
def test_however_often_it_moves_each_moment_is_billed_once(
    first: str, subscription: Subscription, account: Account, owner: Actor, turn: Turn
) -> None:
    around = ZONES.index(first)
    for number in range(8):
        months_go_by(subscription, turn, 1)
        turn(timedelta(days=3))
        move(account, ZONES[(around + number) % len(ZONES)], owner)
    lines = billed(subscription)
    assert [line.amount for line in lines] == [3000] * 9
    ends = [line.period_end for line in lines]
    assert [line.period_start for line in lines[1:]] == ends[:-1]


def test_days_of_the_calendar_begin_at_the_new_midnight(
    turn: Turn, subscription: Subscription, account: Account, owner: Actor
) -> None:
    subscription.customer.alignment = "calendar"
    subscription.customer.save()
    first = datetime(2026, 1, 1, tzinfo=UTC)
    Subscription.objects.update(anchor=first)
    months_go_by(subscription, turn, 2)
    move(account, "America/Los_Angeles", owner)
    months_go_by(subscription, turn, 3)
    lines = billed(subscription)
    ends = [line.period_end for line in lines]
    assert [line.period_start for line in lines[1:]] == ends[:-1]
    assert lines[-1].period_start == datetime(2026, 5, 1, 7, tzinfo=UTC)
    assert lines[-1].amount == 3000


def test_usage_around_the_change_is_billed_once(
    turn: Turn, tenant: Tenant, account: Account, owner: Actor
) -> None:
    """An hour before the boundary of the old zone, and an hour after it."""
    a_meter(Aggregation.SUM, "calls")
    card = {"price": {"model": "per_unit", "unit_amount": "0.10"}}
    price = {"code": "calls", "kind": "usage", "meter": "calls", "card": card}
    sell("metered", 3000, prices=[price])
    row = perform(Subscribe, tenant, {"plan": "metered"}, actor=owner).result
    pay_in_full(only_open(row))
    for zone in ZONES:
        row.refresh_from_db()
        turn(row.period_end - clock.now() - timedelta(hours=2))
        move(account, zone, owner)
        for hours in (1, 2):
            turn(timedelta(hours=hours))
            at = clock.now().isoformat()
            calls = {"at": at, "properties": {"n": "50"}}
            send({**an_event(tenant, "calls"), **calls})
        live(row)
        for invoice in row.invoices.filter(state="open"):
            pay_in_full(invoice)
    months_go_by(row, turn, 1)
    usage = [line.amount for line in billed(row) if line.kind == LineKind.USAGE]
    assert usage == [500, 1000, 1000, 1000, 500]
    fees = [line.amount for line in billed(row) if line.kind == LineKind.FEE]
    assert set(fees) == {3000}


def test_a_rehearsal_says_from_when_it_holds_and_changes_nothing(
    subscription: Subscription, account: Account, owner: Actor
) -> None:
    wanted = {"time_zone": "Europe/Berlin"}
    shown = rehearse(SetTimeZone, account, wanted, actor=owner)
    holds = shown.output["holds"][subscription.public_id]
    assert holds.startswith("the running period ends at 2026-02-28 12:00 UTC")
    account.refresh_from_db()
    assert account.time_zone == "UTC"


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "localtime"])
def test_only_names_of_zones_are_taken(
    name: str, account: Account, owner: Actor
) -> None:
    with pytest.raises(Invalid):
        perform(SetTimeZone, account, {"time_zone": name}, actor=owner)


def test_members_without_billing_can_not_set_it(
    account: Account, teammate: Actor
) -> None:
    with pytest.raises(Forbidden):
        move(account, "Europe/Berlin", teammate)


def test_the_api_sets_it_and_says_from_when_it_holds(
    subscription: Subscription, account: Account, log_in: LogIn, owner_user: User
) -> None:
    address = f"/api/accounts/{account.public_id}/time-zone"
    chosen = {"time_zone": "Asia/Tokyo"}
    answer = log_in(owner_user).post(address, chosen, content_type="application/json")
    assert list(answer.json()["holds"]) == [subscription.public_id]
    account.refresh_from_db()
    assert account.time_zone == "Asia/Tokyo"


def test_operators_set_it_at_the_account(
    account: Account, log_in: LogIn, operator_user: User
) -> None:
    page = f"/operators/tenants/account/{account.pk}/change/"
    assert "Set time zone" in log_in(operator_user).get(page).content.decode()

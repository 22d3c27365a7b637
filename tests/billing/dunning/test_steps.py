"""From the day an invoice is due to the end, and back when it is paid."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing import clock
from billing.actions import SetDunning, TakeDunningStep, WriteDunningSchedule
from billing.actions.dunning import DUNNER
from billing.dunning import check_changes, coming, timeline
from billing.dunning.tasks import dun, dun_one
from billing.errors import ChangesBlocked, NotDue
from billing.models import Customer, DunningCase, Invoice, Subscription
from billing.states import InvoiceKind
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import OutboxEvent
from tenants.models import Entitlement
from tests.billing.desk import Turn, only_open, pay_in_full

DAY = timedelta(days=1)


def look(subscription: Subscription) -> str:
    subscription.refresh_from_db()
    return subscription.state


def customer_of(subscription: Subscription) -> Customer:
    return Customer.objects.get(pk=subscription.customer_id)


def go_on(subscription: Subscription) -> int:
    return dun_one(customer_of(subscription).public_id)


def case() -> DunningCase:
    return DunningCase.objects.latest("id")


def write(operator: Actor, *steps: dict[str, Any], **other: Any) -> None:
    asked = {
        "code": "ours",
        "name": "Ours",
        "default_for": "transfer",
        "steps": list(steps),
        **other,
    }
    perform(WriteDunningSchedule, None, asked, actor=operator)


def steps_told() -> list[str]:
    rows = OutboxEvent.objects.filter(name="billing.invoice_overdue").order_by("id")
    return [row.payload["step"] for row in rows]


def test_step_by_step_to_the_end(owing: Subscription, turn: Turn) -> None:
    assert go_on(owing) == 0
    seen = []
    for days in (7, 3, 7, 30):
        turn(days * DAY)
        go_on(owing)
        granted = Entitlement.objects.get(tenant=owing.tenant).state
        seen.append((look(owing), granted))
    assert seen == [
        ("past_due", "active"),
        ("grace", "grace"),
        ("suspended", "suspended"),
        ("cancelled", "ended"),
    ]
    assert steps_told() == ["past_due", "grace", "suspended", "cancelled"]
    go_on(owing)
    assert case().state == "ended"


def test_a_step_is_taken_once_however_often_it_is_looked_at(
    owing: Subscription, turn: Turn
) -> None:
    turn(7 * DAY)
    for _ in range(3):
        dun()
        go_on(owing)
    with pytest.raises(NotDue):
        perform(TakeDunningStep, customer_of(owing), actor=DUNNER)
    assert steps_told() == ["past_due"]
    due = only_open(owing).due_at
    assert due is not None
    assert case().next_at == due + 3 * DAY


@pytest.mark.parametrize(("days", "state"), [(8, "past_due"), (11, "grace")])
def test_paying_opens_at_once_and_ends_the_case(
    owing: Subscription, turn: Turn, days: int, state: str
) -> None:
    turn(days * DAY)
    go_on(owing)
    assert look(owing) == state
    pay_in_full(only_open(owing))
    assert (look(owing), case().state) == ("active", "ended")
    assert go_on(owing) == 0
    assert coming(customer_of(owing)) is None


def test_by_the_amount_or_the_number_it_goes_faster(
    owing: Subscription, operator: Actor, turn: Turn
) -> None:
    write(
        operator,
        {"does": "past_due", "days": 0},
        {"does": "grace", "days": 5, "amounts": {"EUR": 6000}},
        {"does": "suspend", "days": 100, "invoices": 2},
    )
    turn(8 * DAY)
    go_on(owing)
    assert look(owing) == "past_due"
    another(owing)
    go_on(owing)
    assert look(owing) == "suspended"


def another(subscription: Subscription) -> Invoice:
    """A second invoice of the same, overdue as well."""
    first = only_open(subscription)
    copied = {
        field.name: getattr(first, field.name)
        for field in Invoice._meta.concrete_fields
        if field.name not in {"id", "public_id", "sequence"}
    }
    return Invoice.objects.create(**copied, sequence=999)


def test_changes_are_blocked_from_the_step_that_says_so_until_it_is_paid(
    owing: Subscription, operator: Actor, turn: Turn
) -> None:
    write(
        operator,
        {"does": "notify", "days": 0},
        {"does": "block_changes", "days": 2},
        {"does": "past_due", "days": 9},
    )
    turn(8 * DAY)
    go_on(owing)
    check_changes(customer_of(owing))
    turn(DAY)
    go_on(owing)
    assert look(owing) == "active"
    with pytest.raises(ChangesBlocked):
        check_changes(customer_of(owing))
    pay_in_full(only_open(owing))
    check_changes(customer_of(owing))
    assert steps_told() == ["notify", "block_changes"]


def test_a_case_goes_on_by_the_rules_with_which_it_began(
    owing: Subscription, operator: Actor, turn: Turn
) -> None:
    turn(7 * DAY)
    go_on(owing)
    write(operator, {"does": "suspend", "days": 1})
    turn(DAY)
    go_on(owing)
    assert look(owing) == "past_due"
    assert case().schedule == "built-in"


def test_who_is_exempt_is_not_closed_and_who_becomes_it_is_opened(
    owing: Subscription, operator: Actor, turn: Turn
) -> None:
    turn(17 * DAY)
    go_on(owing)
    assert look(owing) == "suspended"
    perform(SetDunning, customer_of(owing), {"exempt": True}, actor=operator)
    assert case().state == "ended"
    turn(60 * DAY)
    assert go_on(owing) == 0
    assert timeline(customer_of(owing)) == []


def test_what_will_happen_when(owing: Subscription, turn: Turn) -> None:
    due = only_open(owing).due_at
    assert due is not None
    told = timeline(customer_of(owing))
    expected = [("past_due", 0), ("grace", 3), ("suspended", 10), ("cancelled", 40)]
    assert [(each.what, each.at - due) for each in told] == [
        (what, days * DAY) for what, days in expected
    ]
    assert not any(each.done for each in told)
    turn(10 * DAY)
    go_on(owing)
    done = [each.what for each in timeline(customer_of(owing)) if each.done]
    assert done == ["past_due", "grace"]
    following = coming(customer_of(owing))
    assert following is not None
    assert (following.at, following.step and following.step.does) == (
        due + 10 * DAY,
        "suspend",
    )


def test_offers_that_lapse_are_not_dunned(unpaid: Subscription, turn: Turn) -> None:
    assert only_open(unpaid).kind == InvoiceKind.START
    turn(40 * DAY)
    assert go_on(unpaid) == 0
    assert not DunningCase.objects.exists()


def test_the_mail_says_what_comes_next_and_when(
    owing: Subscription, turn: Turn, mailoutbox: list[Any]
) -> None:
    while outbox.drain():
        pass
    mailoutbox.clear()
    turn(7 * DAY)
    go_on(owing)
    while outbox.drain():
        pass
    due = only_open(owing).due_at
    assert due is not None
    [mail] = [mail for mail in mailoutbox if "is not paid" in mail.subject]
    assert f"on {(due + 3 * DAY):%-d %B %Y}: The last days" in mail.body
    assert clock.now() == due

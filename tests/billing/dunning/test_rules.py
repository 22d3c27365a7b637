"""Rules about what is unpaid: refused with the place, or kept as written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from billing.actions import SetDunning, WriteDunningSchedule
from billing.dunning import schedules
from billing.dunning.rules import CARD, TRANSFER, Rules
from billing.errors import NoSuchSchedule
from billing.models import Customer, Subscription
from billing.rating import retries
from billing.rating.overdue import Conditions, Owed, reached
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, Invalid

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OWED = Owed(since=NOON, amount=9_000, currency="EUR", invoices=2, at=NOON + 5 * DAY)


@pytest.mark.parametrize(
    ("conditions", "moment"),
    [
        (Conditions(days=3), NOON + 3 * DAY),
        (Conditions(days=9), NOON + 9 * DAY),
        (Conditions(days=9, invoices=2), OWED.at),
        (Conditions(days=9, amounts={"EUR": 9_000}), OWED.at),
        (Conditions(amounts={"EUR": 9_001}), None),
        (Conditions(amounts={"USD": 1}), None),
        (Conditions(invoices=3), None),
        (Conditions(days=3, invoices=2), NOON + 3 * DAY),
    ],
)
def test_any_of_the_conditions_is_enough(
    conditions: Conditions, moment: datetime | None
) -> None:
    assert reached(conditions, OWED) == moment


def test_attempts_are_at_the_same_time_of_day_whatever_the_clocks_do() -> None:
    vienna = ZoneInfo("Europe/Vienna")
    failed = datetime(2026, 3, 27, 8, 30, tzinfo=UTC)  # 9:30; summer begins on the 29th
    found = retries.moments(failed, [2, 5, 7, 7], vienna)
    assert [moment.astimezone(vienna).strftime("%d.%m. %H:%M") for moment in found] == [
        "29.03. 09:30",
        "03.04. 09:30",
        "10.04. 09:30",
        "17.04. 09:30",
    ]
    assert found[0] == datetime(2026, 3, 29, 7, 30, tzinfo=UTC)


STEP = {"does": "suspend", "days": 10}


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"steps": []}, "at least 1"),
        ({"steps": [{"does": "suspend"}]}, "say when to suspend"),
        ({"steps": [{"does": "explode", "days": 1}]}, "does"),
        ({"steps": [{"does": "cancel", "days": 1}, STEP]}, "come as past_due, grace"),
        ({"steps": [STEP, STEP]}, "each once"),
        ({"steps": [STEP, {"does": "cancel", "days": 9}]}, "before the one above"),
        ({"steps": [{**STEP, "days": -1}]}, "greater than or equal to 0"),
        ({"steps": [{**STEP, "amounts": {"euro": 1}}]}, "pattern"),
        ({"steps": [{**STEP, "amounts": {"EUR": 0}}]}, "greater than 0"),
        ({"steps": [{**STEP, "invoices": 0}]}, "greater than or equal to 1"),
        ({"steps": [STEP], "retries": [0]}, "greater than or equal to 1"),
        ({"steps": [STEP], "retries": [1] * 13}, "at most 12"),
        ({"steps": [STEP], "surprise": 1}, "extra"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Rules.model_validate(rules)


def test_a_schedule_is_written_in_versions(operator: Actor, owner: Actor) -> None:
    asked = {
        "code": "strict",
        "name": "Strict",
        "default_for": "transfer",
        "retries": [],
        "steps": [STEP],
    }
    for version in (1, 2):
        row = perform(WriteDunningSchedule, None, asked, actor=operator).result
        assert (row.code, row.version) == ("strict", version)
    with pytest.raises(Forbidden):
        perform(WriteDunningSchedule, None, asked, actor=owner)
    wrong = {**asked, "steps": [STEP, {"does": "grace", "days": 20}]}
    with pytest.raises((Invalid, ValidationError)):
        perform(WriteDunningSchedule, None, wrong, actor=operator)


def test_who_has_none_of_its_own_has_the_usual_one(
    subscription: Subscription, operator: Actor
) -> None:
    customer = subscription.customer
    assert schedules.of(customer).rules == TRANSFER
    customer.collection = "automatic"
    assert schedules.of(customer).rules == CARD
    steps = [{**STEP, "days": 90}]
    asked: dict[str, Any] = {"code": "kind", "name": "Kind", "steps": steps}
    perform(WriteDunningSchedule, None, asked, actor=operator)
    assert schedules.of(customer).rules == CARD
    perform(
        WriteDunningSchedule,
        None,
        {**asked, "default_for": "automatic"},
        actor=operator,
    )
    assert schedules.of(customer).name == "kind 2"
    customer.collection = "transfer"
    assert schedules.of(customer).rules == TRANSFER
    perform(SetDunning, customer, {"schedule": "kind"}, actor=operator)
    customer = Customer.objects.get(pk=customer.pk)
    assert schedules.of(customer).name == "kind 2"
    with pytest.raises(NoSuchSchedule):
        perform(SetDunning, customer, {"schedule": "nothing"}, actor=operator)

"""A year of subscriptions that came, grew, shrank, left and came back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from billing import clock
from billing.models import Price, Subscription
from billing.models.prices import CARD
from billing.rating.cards import RateCard
from billing.rating.prices import PerUnit
from billing.reports import movements
from billing.states import PriceKind, SubscriptionState
from paybill_site.accounts.models import User
from tests.billing.desk import Turn, sell
from tests.cast import LogIn


@pytest.fixture
def oprah(log_in: LogIn, operator_user: User) -> Client:
    return log_in(operator_user)


def seats(subscription: Subscription, unit: str) -> None:
    """Take five seats of an add-on besides, at so much each a year."""
    plan, now = sell("seats", 0), clock.now()
    price = Price.objects.create(
        plan=plan,
        code="seats",
        name="Seats",
        kind=PriceKind.SEAT,
        currency=plan.currency,
        card=CARD.dump_python(RateCard(PerUnit(Decimal(unit))), mode="json"),
        interval="year",
    )
    subscription.items.create(price=price, quantity=5, start=now, billed_to=now)


@pytest.fixture
def year(subscription: Subscription, turn: Turn) -> Subscription:
    """30.00 a month from January, more in March, less in May, gone, back in August."""

    def becomes(state: SubscriptionState, days: int) -> None:
        turn(timedelta(days=days))
        subscription.state = state
        subscription.save()
        movements.note(subscription)

    turn(timedelta(days=40))  # 12 March
    seats(subscription, "14.40")  # 5 x 14.40 a year are 6.00 a month
    movements.note(subscription)
    turn(timedelta(days=60))  # 11 May
    subscription.items.filter(price__kind="seat").update(quantity=2)  # 2.40 a month
    movements.note(subscription)
    becomes(SubscriptionState.CANCELLED, 40)  # 20 June
    becomes(SubscriptionState.ACTIVE, 50)  # 9 August
    return subscription

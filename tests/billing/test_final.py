"""What the database itself refuses, whatever the code would try."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connections

from billing.models import Invoice, InvoiceLine, Plan, Subscription
from billing.states import (
    ENTITLEMENT_IN,
    SUBSCRIPTION_MOVES,
    SubscriptionState,
)
from paybill_site.kernel.planes import Place, atomic
from tests.billing.desk import only_open


@pytest.mark.parametrize(
    "change", [{"total": 1}, {"currency": "USD"}, {"sequence": 7}, {"due_at": None}]
)
def test_a_finalised_invoice_does_not_change(
    unpaid: Subscription, change: dict[str, Any]
) -> None:
    with pytest.raises(DatabaseError), atomic():
        Invoice.objects.filter(pk=only_open(unpaid).pk).update(**change)


def test_a_finalised_invoice_and_its_lines_stay(unpaid: Subscription) -> None:
    invoice = only_open(unpaid)
    for rows in (InvoiceLine.objects.all(), Invoice.objects.filter(pk=invoice.pk)):
        with pytest.raises(DatabaseError), atomic():
            rows._raw_delete("default")
    with pytest.raises(DatabaseError), atomic():
        InvoiceLine.objects.update(amount=0)


def test_a_plan_that_is_on_sale_does_not_change(basic: Plan) -> None:
    with pytest.raises(DatabaseError), atomic():
        Plan.objects.filter(pk=basic.pk).update(price=1)


def test_more_than_the_total_can_not_be_paid(unpaid: Subscription) -> None:
    with pytest.raises(DatabaseError), atomic():
        Invoice.objects.update(paid=3001)


def test_what_is_due_is_found_by_an_index(control: Place) -> None:
    query = "EXPLAIN SELECT public_id FROM billing_subscription WHERE next_at <= now()"
    with connections["default"].cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"{query} ORDER BY next_at LIMIT 500")
        plan = " ".join(row[0] for row in cursor.fetchall())
    assert "subscription_due" in plan


def test_every_state_has_its_moves_and_its_entitlement() -> None:
    assert set(SUBSCRIPTION_MOVES) == set(SubscriptionState) == set(ENTITLEMENT_IN)
    reachable = set().union(*SUBSCRIPTION_MOVES.values())
    assert reachable == set(SubscriptionState) - {SubscriptionState.SCHEDULED}

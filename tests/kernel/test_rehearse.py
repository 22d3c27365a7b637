"""A rehearsal passes every guard, shows what would change, and changes nothing."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from examples.storefront.models import Customer, Order, Product
from paybill_site.kernel.actions import perform, registry, rehearse
from paybill_site.kernel.errors import Forbidden, NotFound
from paybill_site.kernel.models import AuditEntry, OutboxEvent
from paybill_site.kernel.planes import Place
from tests.kernel.verbs import SELLER, Discard, Make, Rename


@pytest.fixture
def product(in_a: Place) -> Product:
    return Product.objects.create(name="Chair")


def test_it_shows_the_rows_and_the_events(product: Product) -> None:
    shown = rehearse(Rename, product, {"name": "Stool"}, actor=SELLER)
    assert shown.changes == (
        {
            "row": f"storefront.product:{product.public_id}",
            "field": "name",
            "before": "Chair",
            "after": "Stool",
        },
    )
    assert [event["name"] for event in shown.events] == ["kernel.product_renamed"]
    assert shown.output == {"id": product.public_id}


def test_it_changes_nothing_but_is_recorded(product: Product) -> None:
    rehearse(Rename, product, {"name": "Stool"}, actor=SELLER)
    product.refresh_from_db()
    assert product.name == "Chair"
    assert not OutboxEvent.objects.exists()
    assert AuditEntry.objects.get().outcome == "rehearsed"


def test_a_row_that_would_be_made_is_shown_and_gone(in_a: Place) -> None:
    shown = rehearse(Make, None, {"name": "Stool"}, actor=SELLER)
    made = {change["field"]: change["after"] for change in shown.changes}
    assert made["name"] == "Stool"
    assert {change["before"] for change in shown.changes} == {None}
    assert not Product.objects.exists()


def test_a_row_that_would_be_deleted_is_shown_and_kept(product: Product) -> None:
    shown = rehearse(Discard, product.public_id, actor=SELLER)
    gone = {change["field"]: change["after"] for change in shown.changes}
    assert gone["name"] is None
    assert Product.objects.exists()


def test_the_same_guards_hold(product: Product) -> None:
    nobody = SELLER.narrowed(frozenset({"storefront.view_product"}))
    with pytest.raises(Forbidden):
        rehearse(Rename, product, {"name": "x"}, actor=nobody)
    with pytest.raises(NotFound):
        rehearse(Rename, "prd_x", {"name": "x"}, actor=SELLER)
    assert set(AuditEntry.objects.values_list("outcome", flat=True)) == {"denied"}


def test_after_a_rehearsal_it_can_really_be_done(product: Product) -> None:
    rehearse(Rename, product, {"name": "Stool"}, actor=SELLER)
    assert perform(Rename, product, {"name": "Stool"}, actor=SELLER).output


def test_a_constraint_that_waits_for_the_commit_is_checked_too(in_a: Place) -> None:
    class Orphan(Make):
        """Order for a customer who does not exist; the database asks at commit."""

        def run(self, target: None, data: object, *, actor: object) -> Product:
            Order.objects.create(customer_id=4711, currency="EUR", total_minor=1)
            return Product.objects.create(name="x")

    registry.pop(Orphan.name)
    with pytest.raises(IntegrityError):
        rehearse(Orphan, None, {"name": "x"}, actor=SELLER)
    assert not Customer.objects.exists()

"""What a call did to the product's rows is noted by the database, and bounded."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection

from agents.dispatch import call
from agents.errors import BlastRadius
from examples.storefront.models import Product, Variant
from paybill_site.kernel import history, planes
from paybill_site.kernel.actions import rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import RowChange
from paybill_site.kernel.planes import Place
from tests.agents.calls.conftest import SetLimit
from tests.agents.calls.verbs import Drop, Stock
from tests.agents.conftest import last_entry


def told(changes: Any) -> set[tuple[str, str, Any, Any]]:
    return {(c["row"], c["field"], c["before"], c["after"]) for c in changes}


def test_rows_behind_the_target_are_shown(
    worker: Actor, chair: Product, shopkeeper: Actor
) -> None:
    shown = rehearse(Stock, chair, {"pieces": 2}, actor=shopkeeper)
    assert told(shown.changes) == {
        (f"storefront.variant:{variant.public_id}", "stock", 5, 7)
        for variant in chair.variants.all()
    }


def test_what_goes_with_a_row_is_shown(chair: Product, shopkeeper: Actor) -> None:
    shown = rehearse(Drop, chair, {}, actor=shopkeeper)
    gone = {change["row"] for change in shown.changes if change["field"] == "id"}
    assert len(gone) == 4
    owner = {c["before"] for c in shown.changes if c["field"] == "product"}
    assert owner == {chair.public_id}
    assert Product.objects.filter(pk=chair.pk).exists()


def test_a_row_is_told_once_from_its_first_state_to_its_last(in_a: Place) -> None:
    with planes.atomic():
        begun = history.begun()
        table = Product.objects.create(name="a")
        for name in ("b", "c"):
            Product.objects.filter(pk=table.pk).update(name=name)
        passing = Product.objects.create(name="d")
        passing.delete()
        (one,) = history.changes(begun)
    assert (one.reference, one.before) == (
        f"storefront.product:{table.public_id}",
        None,
    )
    assert one.after is not None
    assert one.after["name"] == "c"


def test_what_is_put_back_has_not_changed(chair: Product) -> None:
    with planes.atomic():
        begun = history.begun()
        for name in ("Stool", "Chair"):
            Product.objects.filter(pk=chair.pk).update(name=name)
        assert history.changes(begun) == []


def test_a_decimal_stays_as_it_is_written() -> None:
    assert history.values('{"a": 1.50}') == {"a": Decimal("1.50")}


def test_a_call_that_would_change_too_many_rows_is_refused(
    worker: Actor, chair: Product
) -> None:
    Variant.objects.create(product=chair, sku="c-4", name="XL", price_minor=1, stock=5)
    arguments = {"id": chair.public_id, "pieces": 1}
    for dry_run in (True, False):
        with pytest.raises(BlastRadius) as refused:
            call(worker, "stock", arguments, key="k", dry_run=dry_run)
        told = refused.value.members
        assert (told["rule"], told["rows"], told["most"]) == ("blast_radius", 4, 3)
    assert set(chair.variants.values_list("stock", flat=True)) == {5}
    assert '"rule":"blast_radius"' in last_entry().body


def test_a_limit_of_one_call_narrows_what_the_action_allows(
    worker: Actor, chair: Product, limited: SetLimit
) -> None:
    limit = limited(2, "rows", per="call", tool="stock")
    with pytest.raises(BlastRadius) as refused:
        call(worker, "stock", {"id": chair.public_id, "pieces": 1}, key="k")
    assert refused.value.members["limit"] == limit.public_id


def test_the_audit_keeps_a_digest_of_each_row_before_and_after(
    worker: Actor, chair: Product
) -> None:
    call(worker, "stock", {"id": chair.public_id, "pieces": 1}, key="k")
    body = last_entry(outcome="done").body
    assert body.count('"row":"storefront.variant:') == 3
    assert '"arguments_digest":"' in body
    assert '"schema":"' in body


def test_who_serves_requests_can_not_write_the_notes(chair: Product) -> None:
    for statement in (
        "INSERT INTO kernel_rowchange (tx, table_name, row_key, at)"
        " VALUES (1, 'x', '1', now())",
        "UPDATE kernel_rowchange SET row_key = '2'",
        "DELETE FROM kernel_rowchange",
    ):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            planes.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_young_notes_are_never_forgotten(chair: Product) -> None:
    assert RowChange.objects.exists()
    assert history.forget(timedelta(0)) == 0

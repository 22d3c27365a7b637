"""A call is decided again on the rows that it could see, whoever wrote beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connections
from psycopg import sql

from agents.evidence.deciding import decide
from agents.evidence.rewinding import rewind
from agents.models import RecordedCall
from examples.storefront.models import Product
from paybill_site.kernel import planes
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.sandboxes import sandbox
from tests.agents import listing
from tests.agents.listing import describe, started
from tests.services import superuser

pytestmark = pytest.mark.usefixtures("committed")
type Beside = psycopg.Connection[Any]


@pytest.fixture
def desk(product: Product) -> Product:
    return Product.objects.create(name="Desk", description="A desk")


@pytest.fixture
def beside(desk: Product) -> Iterator[Beside]:
    """Another connection, in a transaction of its own."""
    database = str(connections["default"].settings_dict["NAME"])
    with psycopg.connect(superuser(database)) as connection:
        path = sql.SQL("SET search_path TO {}")
        connection.execute(path.format(sql.Identifier(planes.here().schema)))
        connection.commit()
        yield connection


def write(connection: Beside, product: Product, text: str) -> int:
    """Describe a product there, without a commit; the number of its note."""
    connection.execute(
        "UPDATE storefront_product SET description = %s WHERE id = %s",
        [text, product.pk],
    )
    found = connection.execute("SELECT max(id) FROM kernel_rowchange").fetchone()
    return int(found[0]) if found else 0


def as_seen(call: RecordedCall, product: Product) -> str:
    with sandbox():
        rewind(call)
        return str(Product.objects.get(pk=product.pk).description)


def test_what_was_committed_after_the_call_was_not_seen_though_its_number_is_lower(
    clerk: Actor, product: Product, desk: Product, beside: Beside
) -> None:
    run = started(clerk, product)
    note = write(beside, desk, "A late desk")
    describe(clerk, run, "A good chair")
    beside.commit()
    call = RecordedCall.objects.latest("pk")
    assert note < call.mark
    assert as_seen(call, desk) == "A desk"
    assert as_seen(call, product) == "A chair"
    assert Product.objects.get(pk=desk.pk).description == "A late desk"
    assert decide(call).same


def test_what_was_committed_in_its_midst_was_seen_though_its_number_is_higher(
    clerk: Actor,
    product: Product,
    desk: Product,
    beside: Beside,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = started(clerk, product)
    plain, notes = listing._describe, []

    def beside_others(product: Product, text: str) -> None:
        plain(product, text)
        notes.append(write(beside, desk, "An early desk"))
        beside.commit()

    monkeypatch.setattr(listing, "_describe", beside_others)
    describe(clerk, run, "A good chair")
    monkeypatch.undo()
    call = RecordedCall.objects.latest("pk")
    with planes.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM kernel_rowchange WHERE tx = %s", [call.tx])
        (own,) = cursor.fetchone()
    assert own < notes[0]
    assert as_seen(call, desk) == "An early desk"
    assert as_seen(call, product) == "A chair"
    assert decide(call).same


def test_notes_of_another_server_are_older_whatever_their_transactions_number(
    clerk: Actor, product: Product, desk: Product, beside: Beside
) -> None:
    write(beside, desk, "A moved desk")
    beside.execute(
        "UPDATE kernel_rowchange SET tx = tx + 1000000, at = at - interval '1 day'"
    )
    beside.commit()
    describe(clerk, started(clerk, product), "A good chair")
    call = RecordedCall.objects.latest("pk")
    assert as_seen(call, desk) == "A moved desk"

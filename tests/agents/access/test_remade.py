"""A plane that is made again in the same place has other numbers of permissions."""

from __future__ import annotations

from dataclasses import replace

from examples.storefront.models import Order
from paybill_site.kernel import permissions
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.granted import somewhere
from paybill_site.kernel.planes import Place
from tests.agents.conftest import CANCEL, READ, Enter, Grant


def seen(actor: Actor) -> int:
    return Order.objects.visible_to(actor).count()


def test_numbers_of_the_plane_of_before_grant_nothing_in_the_new_one(
    orders: list[Order], grant: Grant, enter: Enter, in_a: Place
) -> None:
    grant(CANCEL, orders[0], orders[1])
    grant(READ, orders[0])
    actor, where = enter(), (in_a.alias, in_a.schema)
    assert seen(actor) == 1
    true = permissions._kept[where]
    # In the plane that was here before, reading had the number that cancelling has now.
    mixed = {**true.of, READ: true.of[CANCEL], CANCEL: true.of[READ]}
    foreign = {name: replace(one, table=one.table + 1) for name, one in mixed.items()}
    try:
        permissions._kept[where] = replace(true, of=mixed)
        assert seen(actor) == 2, "what is told apart is not the number alone"
        permissions._kept[where] = replace(true, of=foreign)
        assert seen(actor) == 0
        assert somewhere(actor, {Order: [READ, CANCEL]}) == set()
        permissions._kept[where] = replace(permissions._kept[where], until=0.0)
        assert seen(actor) == 1
        assert permissions._kept[where].of == true.of
        assert somewhere(actor, {Order: [READ, CANCEL]}) == {READ, CANCEL}
    finally:
        permissions._kept[where] = true

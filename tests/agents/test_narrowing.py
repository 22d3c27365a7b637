"""Whatever is granted and however a token is cut: what works is in both."""

from __future__ import annotations

from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.access import grants
from agents.auth import actor_of
from agents.dispatch import call
from agents.models import Agent
from agents.models.own import OWN
from agents.tools.offer import tools_for
from examples.storefront.models import Order
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from tests.agents.conftest import CANCEL, READ, issue

PERMISSIONS = (
    READ,
    CANCEL,
    "storefront.view_customer",
    "storefront.view_product",
)
subsets = st.sets(st.sampled_from(PERMISSIONS))
some_orders = st.sets(st.integers(0, 4))
keys = count()


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    wide=subsets,
    readable=some_orders,
    cancellable=some_orders,
    scopes=st.sets(st.sampled_from(PERMISSIONS), min_size=1),
)
def test_a_token_never_does_more_than_grants_and_scopes_allow(  # noqa: PLR0917
    wide: set[str],
    readable: set[int],
    cancellable: set[int],
    scopes: set[str],
    helper: Agent,
    shopkeeper: Actor,
    orders: list[Order],
) -> None:
    for permission in wide:
        grants.grant_all(helper.principal, permission, shopkeeper)
    for permission, rows in ((READ, readable), (CANCEL, cancellable)):
        ids = [orders[n].public_id for n in rows]
        grants.grant(helper.principal, permission, ids, shopkeeper)
    actor = actor_of(issue(helper, shopkeeper, *scopes).secret)[0]
    everything = set(range(5))
    held = {
        READ: everything if READ in wide else readable,
        CANCEL: everything if CANCEL in wide else cancellable,
    }
    sees = held[READ] if READ in scopes else set()
    cancels = held[CANCEL] & sees if CANCEL in scopes else set()
    try:
        assert _seen(actor, orders) == sees
        assert _cancelled(actor, orders) == cancels & {2, 3}
        for tool in tools_for(actor):
            if tool.permission in OWN:
                continue
            assert tool.permission in scopes
            assert tool.permission in wide or held.get(tool.permission)
    finally:
        _put_back(helper, orders)


def _put_back(helper: Agent, orders: list[Order]) -> None:
    """As it was before the example."""
    helper.principal.user_permissions.clear()
    for permission in (READ, CANCEL):
        grants.revoke(helper.principal, permission, [o.public_id for o in orders])
    for order in orders:
        Order.objects.filter(pk=order.pk).update(state=order.state)


def _seen(actor: Actor, orders: list[Order]) -> set[int]:
    try:
        rows = call(actor, "list_orders", {}).result["rows"]
    except PaybillError:
        return set()
    ids = [order.public_id for order in orders]
    return {ids.index(row["id"]) for row in rows}


def _cancelled(actor: Actor, orders: list[Order]) -> set[int]:
    """Which orders the agent could cancel: the third and fourth are pending."""
    done = set()
    for number, order in enumerate(orders):
        arguments = {"id": order.public_id, "reason": "out_of_stock"}
        try:
            call(actor, "cancel_order", arguments, key=f"n{next(keys)}")
        except PaybillError:
            continue
        done.add(number)
    return done

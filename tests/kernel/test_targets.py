"""What an action acts on is locked in one order by all, so nobody waits in a circle."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from examples.storefront.actions.orders import DispatchOrder
from examples.storefront.models import Customer, Order
from examples.storefront.states import OrderState
from paybill_site.kernel import planes
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import system
from paybill_site.kernel.planes import Place, plane
from tests.kernel.verbs import in_thread

PACKER = system("packer", "storefront.view_order", "storefront.dispatch_order")

WAITED_FOR = """
SELECT EXISTS (SELECT FROM pg_locks
  WHERE NOT granted AND transactionid = pg_current_xact_id()::xid)
"""


def waited_for() -> bool:
    """Whether somebody comes to wait for the open transaction, within ten seconds."""
    with planes.cursor() as cursor:
        for _ in range(200):
            cursor.execute(WAITED_FOR)
            if cursor.fetchone()[0]:
                return True
            time.sleep(0.05)
    return False


def test_who_waits_for_a_customer_does_not_hold_its_order(
    tenant_a: Place, committed: None
) -> None:
    with plane(tenant_a):
        customer = Customer.objects.create(name="C", email="c@example.com")
        order = Order.objects.create(customer=customer, currency="EUR", total_minor=1)

    def dispatch() -> Order:
        return perform(DispatchOrder, order.public_id, actor=PACKER).result

    with ThreadPoolExecutor(1) as pool:
        with plane(tenant_a), planes.atomic():
            Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
            dispatched = pool.submit(in_thread, tenant_a, dispatch)
            assert waited_for()
            free = Order.objects.select_for_update(no_key=True, skip_locked=True)
            assert free.first() == order
            customer.name = "D"
            customer.save(update_fields=["name"])
        result = dispatched.result()
    assert result.state == OrderState.PROCESSED
    assert result.customer.name == "D"

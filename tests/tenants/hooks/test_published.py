"""What rooms publish fits what they say of it, from a sale to its end."""

from __future__ import annotations

import pytest
from pydantic import Field

from billing.actions import CancelSubscription, CreditInvoice, Subscribe
from billing.events import InvoicePaid
from billing.models import Invoice
from paybill_site.kernel import events
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.events import Event
from paybill_site.kernel.models import Delivery
from tenants.actions import InviteMember
from tenants.hooks import Fact, catalogue, messages, publishes
from tenants.models import Account, Tenant, WebhookMessage
from tests.billing.desk import pay_in_full, sell
from tests.tenants.hooks.conftest import Listen, Receiver, send_all
from tests.tenants.test_going_live import drain


def told() -> set[str]:
    return set(WebhookMessage.objects.values_list("type", flat=True))


def test_an_order_is_told_from_its_sale_to_its_end(
    tenant: Tenant, owner: Actor, operator: Actor, receiver: Receiver, listen: Listen
) -> None:
    endpoint = listen(receiver)
    sell("basic", 3000)
    taken = perform(Subscribe, tenant, {"plan": "basic"}, actor=owner).result
    invoice = Invoice.objects.get()
    pay_in_full(invoice)
    part = {"reason": "other", "amount": 500}
    perform(CreditInvoice, invoice, part, actor=operator)
    perform(CancelSubscription, taken, {"when": "now"}, actor=owner)
    drain()
    assert {
        "invoice.opened",
        "invoice.paid",
        "credit_note.issued",
        "subscription.activated",
        "subscription.ended",
        "entitlement.changed",
    } <= told()
    lost = Delivery.objects.filter(handler__startswith="hooks.").exclude(state="done")
    assert list(lost.values_list("handler", "error")) == []
    send_all()
    receiver.verify(endpoint.secret)
    (paid,) = [one for one in receiver.told if one["type"] == "invoice.paid"]
    assert paid["data"] == {
        "account": tenant.account.public_id,
        "invoice": invoice.public_id,
        "number": invoice.number,
        "state": "paid",
        "tenant": tenant.public_id,
    }
    for one in receiver.told:
        fact = catalogue.types[one["type"]].fact
        assert fact.model_validate(one["data"]).model_dump() == one["data"]


def test_people_are_told_by_their_ids_and_not_by_their_addresses(
    account: Account, owner: Actor, receiver: Receiver, listen: Listen
) -> None:
    listen(receiver, "member.invited")
    asked = {"email": "ivy@example.com", "role": "member"}
    perform(InviteMember, account, asked, actor=owner)
    drain()
    (message,) = WebhookMessage.objects.all()
    assert "ivt_" in message.body
    assert "ivy" not in message.body


def test_every_publisher_is_a_handler_that_is_found_again_by_its_name() -> None:
    named = {
        f"hooks.publish_{name.replace('.', '_')}"
        for name in catalogue.types
        if name != catalogue.TEST
    }
    assert named <= events.handlers.keys()


def test_a_type_has_one_publisher_and_says_what_it_carries() -> None:
    def same(event: InvoicePaid) -> Fact:
        return Fact(account="")

    def loose(event: Event):  # type: ignore[no-untyped-def]
        return None

    with pytest.raises(ValueError, match="twice"):
        publishes(InvoicePaid, "invoice.paid", same)
    with pytest.raises(TypeError, match="annotated"):
        publishes(InvoicePaid, "invoice.something", loose)
    assert "invoice.something" not in catalogue.types


class Long(Fact):
    words: str = Field(description="too many")


def test_a_message_is_thin_or_not_written(
    account: Account, receiver: Receiver, listen: Listen
) -> None:
    endpoint = listen(receiver)
    fact = Long(account=account.public_id, words="x" * messages.LONGEST)
    with pytest.raises(PaybillError):
        messages.tell("invoice.paid", fact, endpoint.created_at, "k")
    assert told() == set()

"""The shop's pages and its administration, as a tenant's people see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from agents.actions import CreateAgent
from agents.models import Agent, AgentToken
from examples.storefront.models import Order
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.ids import new_id
from paybill_site.kernel.models import AuditEntry
from paybill_site.kernel.planes import Place
from tests.agents.people import enter, person


@pytest.fixture
def browser(licensed: Place) -> Client:
    return Client(headers={"host": "ta.localhost"})


@pytest.fixture
def owner_in(browser: Client) -> Client:
    """The owner's browser, logged in."""
    return enter(browser, person("owner"))


def read(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_a_stranger_is_shown_the_door(browser: Client, orders: list[Order]) -> None:
    page = read(browser, "/")
    assert "Members only" in page
    assert orders[0].public_id not in page
    assert browser.get("/orders/")["Location"].startswith("/entry/?next=%2Forders%2F")


def test_home_shows_the_shop_its_agents_and_what_happened(
    owner_in: Client, orders: list[Order], shopkeeper: Actor
) -> None:
    perform(CreateAgent, None, {"name": "Helper"}, actor=shopkeeper)
    page = read(owner_in, "/")
    assert "Orders pending" in page
    assert "Helper" in page
    assert "create agent" in page


def test_an_empty_shop_says_what_to_do_next(owner_in: Client) -> None:
    assert "No orders yet" in read(owner_in, "/orders/")
    assert "Add the first product" in read(owner_in, "/products/")


def test_orders_are_listed_by_state(owner_in: Client, orders: list[Order]) -> None:
    assert orders[0].public_id in read(owner_in, "/orders/")
    pending = read(owner_in, "/orders/?state=pending")
    assert orders[2].public_id in pending
    assert orders[0].public_id not in pending
    assert orders[0].public_id in read(owner_in, "/orders/?state=odd&page=x")
    assert owner_in.get("/orders/?state=%00").status_code == 400


def test_products_are_listed_with_their_prices(
    owner_in: Client, orders: list[Order]
) -> None:
    page = read(owner_in, "/products/")
    assert "LAMP-01" in page
    assert "49.00" in page


def test_a_member_sees_the_shop_and_no_administration(
    browser: Client, orders: list[Order]
) -> None:
    enter(browser, person("member"))
    assert "/admin/" not in read(browser, "/")
    assert browser.get("/admin/").status_code in {302, 404}


@pytest.mark.parametrize("thing", ["order", "product", "customer"])
def test_the_administration_shows_every_thing(
    thing: str, owner_in: Client, orders: list[Order]
) -> None:
    address = f"/admin/storefront/{thing}/"
    read(owner_in, address)
    rows: dict[str, Any] = {"order": orders[0], "customer": orders[0].customer}
    row = rows.get(thing)
    if row is not None:
        assert row.public_id in read(owner_in, f"{address}{row.pk}/change/")


def test_an_order_is_cancelled_in_the_administration(
    owner_in: Client, orders: list[Order]
) -> None:
    address = f"/admin/storefront/order/{orders[2].pk}/change/"
    assert "Cancel order" in read(owner_in, address)
    chosen = {
        "CHANGE_FORM-action": "storefront.cancel_order",
        "_selected_action": str(orders[2].pk),
    }
    asked = owner_in.post(address, chosen)
    assert "Reason" in asked.content.decode()
    sure = {
        **chosen,
        "confirm": "yes",
        "reason": "out_of_stock",
        "because": "none left",
    }
    owner_in.post(address, sure)
    orders[2].refresh_from_db()
    assert orders[2].state == "cancelled"


def test_a_token_is_shown_on_one_page_once(owner_in: Client, shopkeeper: Actor) -> None:
    agent: Agent = perform(
        CreateAgent, None, {"name": "Helper"}, actor=shopkeeper
    ).result
    address = f"/admin/agents/agent/{agent.pk}/change/"
    sent = {
        "CHANGE_FORM-action": "agents.issue_token",
        "_selected_action": str(agent.pk),
        "confirm": "yes",
        "label": "",
        "scopes": "storefront.view_order\nstorefront.cancel_order",
        "days": "30",
        "per_minute": "60",
        "because": "first",
    }
    shown = owner_in.post(address, sent)
    token = AgentToken.objects.get()
    assert token.scopes == ["storefront.cancel_order", "storefront.view_order"]
    assert "no-store" in shown["Cache-Control"]
    text = shown.content.decode()
    assert token.prefix in text
    page = read(owner_in, address)
    assert token.prefix in page
    assert text.partition("pbk_agt_")[2][:43] not in page


def test_a_token_asked_for_twice_is_made_once_for_the_reason_given(
    owner_in: Client, shopkeeper: Actor
) -> None:
    agent = perform(CreateAgent, None, {"name": "Helper"}, actor=shopkeeper).result
    sent = {
        "CHANGE_FORM-action": "agents.issue_token",
        "_selected_action": str(agent.pk),
        "confirm": "yes",
        "scopes": "storefront.view_order",
        "days": "30",
        "per_minute": "60",
        "because": "for the night shift",
        "once": new_id("key"),
    }
    address = f"/admin/agents/agent/{agent.pk}/change/"
    first, again = (owner_in.post(address, sent).content.decode() for _ in "12")
    token = AgentToken.objects.get()
    assert "Copy it now" in first
    assert token.prefix in again
    assert "Copy it now" not in again
    entry = AuditEntry.objects.get(action="agents.issue_token")
    assert "for the night shift" in entry.body

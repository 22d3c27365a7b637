"""Buttons of the administration: asked first, by POST, and only what is legal."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django.contrib.admin import ActionLocation
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client

from paybill_site.accounts.models import User
from paybill_site.kernel import outbox
from paybill_site.kernel.models import AuditEntry, Delivery, DeliveryState, OutboxEvent
from tests.cast import LogIn, make_user
from tests.kernel.verbs import SELLER, ProductRenamed

ADMIN = "/operators/kernel"
FIELD = f"{ActionLocation.CHANGE_FORM.value}-action"


@pytest.fixture
def desk(log_in: LogIn, operator_user: User) -> Client:
    """An operator who has just logged in."""
    client = log_in(operator_user)
    session = Session.objects.get()
    records = [{"method": "password", "at": time.time()}]
    proof = {
        "account_authentication_methods": records,
        "account_authentication_methods_user": str(operator_user.pk),
    }
    data = {**session.get_decoded(), **proof}
    session.session_data = SessionStore().encode(data)
    session.save()
    return client


@pytest.fixture
def dead(control: Any) -> Delivery:
    outbox.store([ProductRenamed(product="p", tenant="ten_x")], SELLER)
    event = OutboxEvent.objects.get()
    return Delivery.objects.create(
        event=event, handler="kernel.gone", state=DeliveryState.DEAD, error="no"
    )


def page(row: Delivery) -> str:
    return f"{ADMIN}/delivery/{row.pk}/change/"


def press(row: Delivery, verb: str, **typed: str) -> dict[str, str]:
    return {FIELD: verb, "_selected_action": str(row.pk), "index": "0", **typed}


def test_a_button_asks_before_it_acts(desk: Client, dead: Delivery) -> None:
    asked = desk.post(page(dead), press(dead, "kernel.retry_delivery"))
    assert asked.status_code == 200
    assert dead.public_id in asked.content.decode()
    dead.refresh_from_db()
    assert dead.state == DeliveryState.DEAD
    done = desk.post(
        page(dead), press(dead, "kernel.retry_delivery", confirm="yes"), follow=True
    )
    assert done.status_code == 200
    dead.refresh_from_db()
    assert dead.state == DeliveryState.PENDING


def test_a_button_pressed_twice_acts_once(desk: Client, dead: Delivery) -> None:
    asked = desk.post(page(dead), press(dead, "kernel.retry_delivery"))
    (once,) = re.findall(r'name="once" value="(key_\w{26})"', asked.content.decode())
    data = press(dead, "kernel.retry_delivery", confirm="yes", once=once)
    desk.post(page(dead), data)
    entries = AuditEntry.objects.filter(action="kernel.retry_delivery", outcome="done")
    assert entries.count() == 1
    Delivery.objects.update(state=DeliveryState.DEAD)  # so that it is offered again
    desk.post(page(dead), data)
    assert entries.count() == 1


def test_what_destroys_wants_a_reason_and_the_name(
    desk: Client, dead: Delivery
) -> None:
    verb = "kernel.skip_delivery"
    for typed in (
        {},
        {"because": "never works"},
        {"because": "never works", "typed_name": "something"},
        {"typed_name": str(dead)},
    ):
        again = desk.post(page(dead), press(dead, verb, confirm="yes", **typed))
        assert again.status_code == 200, typed
        dead.refresh_from_db()
        assert dead.state == DeliveryState.DEAD
    typed = {"because": "never works", "typed_name": str(dead)}
    desk.post(page(dead), press(dead, verb, confirm="yes", **typed))
    dead.refresh_from_db()
    assert dead.state == DeliveryState.SKIPPED
    newest = AuditEntry.objects.earliest("-id")
    assert "never works" in newest.body


def test_only_what_the_state_allows_is_offered(desk: Client, dead: Delivery) -> None:
    assert "Retry delivery" in desk.get(page(dead)).content.decode()
    Delivery.objects.update(state=DeliveryState.DONE)
    assert "Retry delivery" not in desk.get(page(dead)).content.decode()
    desk.post(page(dead), press(dead, "kernel.retry_delivery", confirm="yes"))
    dead.refresh_from_db()
    assert dead.state == DeliveryState.DONE


def test_looking_changes_nothing(desk: Client, dead: Delivery) -> None:
    data = press(dead, "kernel.retry_delivery", confirm="yes")
    assert desk.get(page(dead), data).status_code == 200
    dead.refresh_from_db()
    assert dead.state == DeliveryState.DEAD


def test_a_row_can_be_neither_edited_nor_deleted_nor_added(
    desk: Client, dead: Delivery
) -> None:
    edited = desk.post(page(dead), {"state": "done", "_save": "Save"})
    assert edited.status_code == 403
    assert desk.get(f"{ADMIN}/delivery/{dead.pk}/delete/").status_code == 403
    assert desk.get(f"{ADMIN}/delivery/add/").status_code == 403


def test_many_are_retried_from_the_list(desk: Client, dead: Delivery) -> None:
    data = {
        "action": "kernel.retry_delivery",
        "_selected_action": str(dead.pk),
        "index": "0",
        "confirm": "yes",
    }
    desk.post(f"{ADMIN}/delivery/", data)
    dead.refresh_from_db()
    assert dead.state == DeliveryState.PENDING


def test_the_history_is_the_audit_trail(desk: Client, dead: Delivery) -> None:
    desk.post(page(dead), press(dead, "kernel.retry_delivery", confirm="yes"))
    shown = desk.get(f"{ADMIN}/delivery/{dead.pk}/history/", follow=True)
    assert "kernel.retry_delivery" in shown.content.decode()


def test_what_waits_for_a_person_is_said_first(desk: Client, dead: Delivery) -> None:
    assert "Dead deliveries" in desk.get("/operators/").content.decode()


def test_an_operator_without_the_permission_sees_and_does_nothing(
    log_in: LogIn, dead: Delivery
) -> None:
    desk = log_in(make_user("olaf", is_staff=True))
    assert desk.get(page(dead)).status_code in {302, 403}
    desk.post(page(dead), press(dead, "kernel.retry_delivery", confirm="yes"))
    dead.refresh_from_db()
    assert dead.state == DeliveryState.DEAD


def test_customers_do_not_get_in(log_in: LogIn, owner_user: User) -> None:
    assert log_in(owner_user).get("/operators/").status_code in {302, 403, 404}


def test_what_destroys_wants_a_recent_log_in(
    log_in: LogIn, operator_user: User, dead: Delivery
) -> None:
    old = log_in(operator_user)
    asked = old.post(page(dead), press(dead, "kernel.skip_delivery"))
    assert asked["Location"].startswith("/accounts/reauthenticate/")

"""Clicked twice at the same moment, and broken at every step: it comes out the same."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from billing.models import Invoice, Payment, Subscription
from billing.seed import seed_plans
from paybill_site.accounts.models import EntryUse, User
from paybill_site.kernel import events, outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.models import (
    AuditEntry,
    Delivery,
    DeliveryState,
    OutboxEvent,
)
from paybill_site.kernel.planes import CONTROL, NOWHERE, plane
from provisioning.system import PROVISIONING
from tenants.actions import ClaimPlacement
from tenants.errors import NoWarmPlacement
from tenants.models import Account, Placement, Tenant
from tenants.routing import forget_hosts
from tenants.states import PlacementState, TenantState
from tests.billing.desk import sell
from tests.cast import LogIn, browser, make_tenant
from tests.races import at_once

ORDER = {"plan": "basic", "name": "Petals", "slug": "petals"}


def statuses(answers: list[Any]) -> list[int]:
    return sorted(getattr(answer, "status_code", 0) for answer in answers)


@pytest.fixture
def windows(
    committed: None, log_in: LogIn, owner_user: User, account: Account
) -> list[Client]:
    """The owner at two computers."""
    sell("basic", 3000)
    return [log_in(owner_user), log_in(owner_user)]


@pytest.fixture
def invoice(windows: list[Client]) -> Invoice:
    windows[0].post("/plans/", ORDER)
    return Invoice.objects.get()


def test_an_order_sent_twice_is_one_tenant_with_one_invoice(
    windows: list[Client],
) -> None:
    answers = at_once([partial(w.post, "/plans/", ORDER) for w in windows], NOWHERE)
    assert 302 in statuses(answers)
    assert set(statuses(answers)) <= {302, 422}
    assert Tenant.objects.filter(slug="petals").count() == 1
    assert Subscription.objects.count() == 1
    assert Invoice.objects.count() == 1


def test_an_invoice_paid_twice_is_charged_once(
    windows: list[Client], invoice: Invoice
) -> None:
    path, card = f"/pay/{invoice.public_id}/sandbox/", {"card": "test_succeeds"}
    answers = at_once([partial(w.post, path, card) for w in windows], NOWHERE)
    assert statuses(answers) == [302, 422]
    assert Payment.objects.filter(state="succeeded").count() == 1
    activated = OutboxEvent.objects.filter(name="billing.subscription_activated")
    assert activated.count() == 1
    again = windows[0].post(path, card)
    assert again.status_code == 422
    assert b"paid" in again.content


def test_a_code_used_twice_lets_in_once(
    windows: list[Client], invoice: Invoice
) -> None:
    windows[0].post(f"/pay/{invoice.public_id}/sandbox/", {"card": "test_succeeds"})
    with plane(CONTROL):
        outbox.drain()
    forget_hosts()
    inside = browser("petals.localhost")
    asked = urlsplit(inside.get("/entry/")["Location"])
    code = urlsplit(windows[0].get(f"{asked.path}?{asked.query}")["Location"])
    copy = browser("petals.localhost")
    for name, morsel in inside.cookies.items():
        copy.cookies[name] = morsel.value
    back = f"{code.path}?{code.query}"
    answers = at_once([partial(c.get, back) for c in (inside, copy)], NOWHERE)
    assert statuses(answers)[0] == 302
    assert 400 <= statuses(answers)[1] < 500
    placement = Placement.objects.get(tenant__slug="petals")
    with plane(placement.place):
        assert EntryUse.objects.count() == 1


def test_two_claims_of_the_last_place_never_share_it(
    committed: None, tenant: Tenant, outsider_user: User
) -> None:
    other = make_tenant(Account.objects.get(name="Other"), "florist")
    assert Placement.objects.filter(state=PlacementState.WARM).count() == 1

    def claim(one: Tenant) -> Any:
        with plane(CONTROL):
            return perform(ClaimPlacement, one, actor=PROVISIONING).result

    results = at_once([lambda: claim(tenant), lambda: claim(other)], NOWHERE)
    assert sum(isinstance(found, Placement) for found in results) == 1
    assert sum(isinstance(found, NoWarmPlacement) for found in results) == 1
    assert (
        Placement.objects.filter(
            state=PlacementState.TAKEN, tenant__in=(tenant, other)
        ).count()
        == 1
    )


class Broken(Exception):
    """The process was killed here."""


def fails_at_every_boundary(
    handler: events.Handler, tries: dict[str, int]
) -> events.Handler:
    """The handler dies before its work at the first try, after it at the second."""

    def run(event: Any, delivery: str) -> None:
        tries[delivery] = tries.get(delivery, 0) + 1
        if tries[delivery] == 1:
            raise Broken
        handler.run(event, delivery)
        if tries[delivery] == 2:
            raise Broken

    return replace(handler, run=run)


def test_broken_before_and_after_every_step_the_tenant_still_goes_live_once(
    log_in: LogIn,
    owner_user: User,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    mailoutbox: list[Any],
) -> None:
    seed_plans()
    tries: dict[str, int] = {}
    for name, handler in list(events.handlers.items()):
        broken = fails_at_every_boundary(handler, tries)
        monkeypatch.setitem(events.handlers, name, broken)
    portal = log_in(owner_user)
    ordered = portal.post("/plans/", {**ORDER, "plan": "free"})
    for _ in range(20):
        pending = Delivery.objects.filter(state=DeliveryState.PENDING)
        pending.update(next_at=timezone.now())
        outbox.drain()
        shown = portal.get(ordered["Location"])
        assert shown.status_code == 200  # at no moment is the page broken

    assert not Delivery.objects.exclude(state=DeliveryState.DONE).exists()
    assert tries
    assert set(tries.values()) == {3}
    tenant = Tenant.objects.get(slug="petals")
    assert tenant.state == TenantState.LIVE
    assert Placement.objects.filter(tenant=tenant).count() == 1
    for action in ("tenants.claim_placement", "tenants.activate_tenant"):
        assert AuditEntry.objects.filter(action=action, outcome="done").count() == 1
    live = [mail for mail in mailoutbox if re.search("is live", mail.subject)]
    assert live, "somebody must be told"
    forget_hosts()
    assert browser("petals.localhost").get("/").status_code == 200

"""A container of anybody's own is told of its tenants, and believes nobody else."""

from __future__ import annotations

import json
import time

import pytest

from paybill_site.kernel import webhooks
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid, NotFound
from provisioning.actions import RotateProductSecret, SendNoticeAgain
from provisioning.models import NoticeKind, NoticeState, Product, ProductNotice
from provisioning.products import telling
from tenants.actions import (
    ClaimPlacement,
    CloseTenant,
    FinishClosing,
    ResumeTenant,
    SuspendTenant,
)
from tenants.models import Tenant
from tenants.states import TenantState
from tests.provisioning.products.conftest import Notebook
from tests.tenants.test_going_live import PROVISIONING, drain, entitle, state_of

HOST = "bakery.localhost"


def kinds(tenant: Tenant) -> list[tuple[str, str]]:
    rows = ProductNotice.objects.filter(tenant=tenant).order_by("sequence")
    return list(rows.values_list("kind", "state"))


def test_a_tenants_life_as_its_product_is_told_it(
    paid: Tenant, notebook: Notebook, operator: Actor, owner: Actor
) -> None:
    perform(ClaimPlacement, paid, actor=PROVISIONING)
    drain()
    assert state_of(paid) == TenantState.LIVE
    assert notebook.ask(HOST, b"buy flour")[0] == 200
    assert "buy flour" in notebook.ask(HOST)[1]

    perform(SuspendTenant, paid, {"cause": "operator"}, actor=operator)
    drain()
    assert notebook.ask(HOST)[0] == 403

    perform(ResumeTenant, paid, actor=operator)
    drain()
    assert "buy flour" in notebook.ask(HOST)[1]

    perform(CloseTenant, paid, actor=owner)
    perform(FinishClosing, paid, actor=PROVISIONING)
    drain()
    assert notebook.ask(HOST)[0] == 404
    told = ["created", "suspended", "resumed", "deleted"]
    assert kinds(paid) == [(kind, "answered") for kind in told]


def test_nobody_is_let_in_before_the_product_is_ready(
    paid: Tenant, notebook: Notebook
) -> None:
    notebook.stop()
    perform(ClaimPlacement, paid, actor=PROVISIONING)
    drain()
    assert state_of(paid) == TenantState.PROVISIONING
    owed = ProductNotice.objects.get(tenant=paid)
    assert (owed.state, owed.tries > 0) == (NoticeState.OWED, True)
    notebook.start()
    drain()
    assert state_of(paid) == TenantState.LIVE
    assert kinds(paid) == [("created", "answered")]


def test_what_was_overtaken_while_it_was_away_is_not_told(
    paid: Tenant, notebook: Notebook, operator: Actor
) -> None:
    perform(ClaimPlacement, paid, actor=PROVISIONING)
    drain()
    notebook.stop()
    perform(SuspendTenant, paid, {"cause": "operator"}, actor=operator)
    drain()
    perform(ResumeTenant, paid, actor=operator)
    drain()
    notebook.start()
    drain()
    assert notebook.ask(HOST)[0] == 200
    assert ("suspended", "overtaken") in kinds(paid)
    assert ("resumed", "answered") in kinds(paid)


def test_told_twice_it_is_the_same(
    paid: Tenant, notebook: Notebook, operator: Actor
) -> None:
    perform(ClaimPlacement, paid, actor=PROVISIONING)
    drain()
    notebook.ask(HOST, b"still here")
    (notice,) = ProductNotice.objects.filter(tenant=paid)
    telling.tell(paid, NoticeKind.CREATED, notice.key.removesuffix(".created"))
    perform(SendNoticeAgain, notice, actor=operator)
    drain()
    assert "still here" in notebook.ask(HOST)[1]
    notice.refresh_from_db()
    assert (notice.tries, ProductNotice.objects.count()) == (3, 1)


def webhook(
    notebook: Notebook, tenant: Tenant, kind: str, sequence: int, **changed: str
) -> int:
    """Tell the notebook by hand; returns the status of its answer."""
    data = {"tenant": tenant.public_id, "host": HOST, "name": "B", "sequence": sequence}
    body = json.dumps({"type": f"tenant.{kind}", "data": data}).encode()
    key = changed.get("secret", notebook.secret)
    stamp = int(changed.get("timestamp", time.time()))
    headers = webhooks.headers(f"ntc_{sequence}", stamp, body, [key])
    sent = {name.replace("-", "_"): value for name, value in headers.items()}
    if changed.get("body"):
        body = changed["body"].encode()
    return notebook.ask("x.localhost", body, "/paybill", **sent)[0]


def test_what_comes_out_of_order_is_known_by_its_sequence(
    product: Product, notebook: Notebook, tenant: Tenant
) -> None:
    assert webhook(notebook, tenant, "created", 1) == 200
    assert webhook(notebook, tenant, "resumed", 3) == 200
    assert webhook(notebook, tenant, "suspended", 2) == 200
    assert notebook.ask(HOST)[0] == 200
    assert webhook(notebook, tenant, "deleted", 4) == 200
    assert webhook(notebook, tenant, "created", 5) == 200
    assert notebook.ask(HOST)[0] == 404


def test_what_is_not_genuine_is_refused(
    product: Product, notebook: Notebook, tenant: Tenant
) -> None:
    stranger = webhooks.new_secret()
    old = str(int(time.time()) - 600)
    assert webhook(notebook, tenant, "created", 1, secret=stranger) == 401
    assert webhook(notebook, tenant, "created", 1, timestamp=old) == 401
    assert webhook(notebook, tenant, "created", 1, body='{"type": "x"}') == 401
    assert notebook.ask("x.localhost", b"{}", "/paybill")[0] == 401
    assert notebook.ask(HOST)[0] == 404


def test_a_product_changes_over_to_a_new_secret_without_missing_anything(
    paid: Tenant, product: Product, notebook: Notebook, operator: Actor
) -> None:
    """It still has the old secret, then the new one alone."""
    fresh = perform(RotateProductSecret, product, actor=operator).result.fresh_secret
    perform(ClaimPlacement, paid, actor=PROVISIONING)
    drain()
    assert state_of(paid) == TenantState.LIVE
    notebook.stop()
    notebook.secret = fresh
    notebook.start()
    perform(SuspendTenant, paid, {"cause": "operator"}, actor=operator)
    drain()
    assert notebook.ask(HOST)[0] == 403


def test_a_plan_that_names_no_known_product_keeps_the_door_shut(
    tenant: Tenant, operator: Actor
) -> None:
    entitle(tenant, features={"product": "nothing"})
    tenant.refresh_from_db()
    with pytest.raises(Invalid, match="there is none"):
        telling.tell(tenant, NoticeKind.CREATED, "dlv_1")


def test_without_a_product_nobody_is_told(tenant: Tenant) -> None:
    entitle(tenant)
    telling.tell(tenant, NoticeKind.CREATED, "dlv_1")
    assert not ProductNotice.objects.exists()


def test_an_outsider_sees_no_notice_of_the_tenant(
    paid: Tenant, notebook: Notebook, outsider: Actor
) -> None:
    perform(ClaimPlacement, paid, actor=PROVISIONING)
    drain()
    assert not ProductNotice.objects.visible_to(outsider).exists()
    with pytest.raises(NotFound):
        perform(SendNoticeAgain, ProductNotice.objects.get(), actor=outsider)

"""Signatures are those of Standard Webhooks, and secrets are shown once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.admin import ActionLocation
from django.test import Client

from paybill_site.accounts.models import User
from paybill_site.kernel import webhooks
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, Invalid
from paybill_site.kernel.models import AuditEntry
from provisioning.actions import AddProduct, RotateProductSecret
from provisioning.models import Product
from tests.cast import LogIn

FIELD = f"{ActionLocation.CHANGE_FORM.value}-action"
SHOP = {"code": "shop", "name": "Shop", "address": "https://93.184.216.34/hook"}


def test_the_published_example_is_signed_as_published() -> None:
    """From the reference libraries of standardwebhooks.com."""
    made = webhooks.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert made["webhook-signature"] == expected


@pytest.mark.parametrize(
    "address",
    ["http://example.com/x", "https://127.0.0.1/x", "https://10.0.0.8/", "ftp://a/b"],
)
def test_a_webhook_leads_to_no_inside_address(operator: Actor, address: str) -> None:
    with pytest.raises(Invalid):
        perform(AddProduct, None, {**SHOP, "address": address}, actor=operator)
    assert not Product.objects.exists()


def test_only_operators_add_products(owner: Actor) -> None:
    with pytest.raises(Forbidden):
        perform(AddProduct, None, SHOP, actor=owner)


def test_a_secret_stands_in_no_record(operator: Actor) -> None:
    product = perform(AddProduct, None, SHOP, actor=operator).result
    done = perform(RotateProductSecret, product, actor=operator)
    secret = done.result.fresh_secret
    assert secret.startswith("whsec_")
    kept = [entry.body for entry in AuditEntry.objects.all()]
    assert secret not in json.dumps([done.output, kept], default=str)


def test_the_admin_shows_a_fresh_secret_once(
    operator: Actor, operator_user: User, log_in: LogIn
) -> None:
    product = perform(AddProduct, None, SHOP, actor=operator).result
    web: Client = log_in(operator_user)
    page = f"/operators/provisioning/product/{product.pk}/change/"
    press = {
        FIELD: "provisioning.rotate_product_secret",
        "_selected_action": str(product.pk),
        "index": "0",
    }
    asked = web.post(page, press)
    assert asked.status_code == 200
    assert "whsec_" not in asked.content.decode()
    shown = web.post(page, {**press, "confirm": "yes"})
    product.refresh_from_db()
    assert product.secret in shown.content.decode()
    assert "whsec_" not in web.get(page).content.decode()


def test_the_api_shows_a_fresh_secret_once(operator_user: User, log_in: LogIn) -> None:
    web: Client = log_in(operator_user)
    made = web.post("/api/products", SHOP, content_type="application/json")
    assert made.status_code == 201, made.content
    assert "whsec_" not in made.content.decode()
    address = f"/api/products/{made.json()['id']}/secret"
    asked: dict[str, Any] = {
        "content_type": "application/json",
        "headers": {"Idempotency-Key": "once"},
    }
    before = Product.objects.get().secret
    web.post(f"{address}?dry_run=true", {}, content_type="application/json")
    assert Product.objects.get().secret == before
    shown = web.post(address, {}, **asked)
    assert shown.status_code == 200, shown.content
    assert shown["Cache-Control"] == "no-store"
    assert shown.json()["secret"] == Product.objects.get().secret
    again = web.post(address, {}, **asked)
    assert again.json() == {"id": made.json()["id"], "secret": ""}

"""The first story: from a stranger to somebody at work in a tenant of its own."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from billing.seed import seed_plans
from paybill_site.kernel import outbox
from paybill_site.kernel.models import Delivery, DeliveryState
from paybill_site.kernel.planes import CONTROL, Place, plane
from tenants.models import Tenant
from tenants.routing import forget_hosts
from tests.cast import PASSWORD, browser


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


@pytest.fixture
def plans(control: Place) -> None:
    seed_plans()


def signed_up(mailoutbox: list[Any]) -> Client:
    """A browser of somebody who signed up and verified the address."""
    portal = browser()
    given = {"email": "nora@example.com", "password1": PASSWORD, "password2": PASSWORD}
    assert portal.post("/accounts/signup/", given).status_code == 302
    link = re.search(r"https?://\S+/confirm-email/\S+", mailoutbox[-1].body)
    assert link is not None
    portal.post(path_of(link.group()))
    return portal


def test_a_stranger_signs_up_and_is_at_work_in_a_tenant_of_its_own(
    plans: None, mailoutbox: list[Any]
) -> None:
    portal = signed_up(mailoutbox)
    chosen = {"plan": "free", "name": "Nora's bakery", "slug": "noras-bakery"}
    ordered = portal.post("/plans/", chosen)
    assert ordered.status_code == 302, ordered.content
    progress = portal.get(ordered["Location"])
    assert progress.context["state"] in {"waiting", "running"}

    outbox.drain()
    assert not Delivery.objects.exclude(state=DeliveryState.DONE).exists()
    forget_hosts()
    progress = portal.get(ordered["Location"])
    assert progress.context["state"] == "done"
    address = progress.context["tenant"]["url"]
    assert address.startswith("http://noras-bakery.localhost")
    assert mailoutbox[-1].subject == "Nora's bakery is live"

    inside = browser("noras-bakery.localhost")
    asked = inside.get("/entry/")
    let_in = portal.get(path_of(asked["Location"]))
    entered = inside.get(path_of(let_in["Location"]))
    assert entered["Location"] == "/"
    home = inside.get("/")
    assert home.context["user"].email == "nora@example.com"
    assert inside.get("/admin/").status_code == 200
    assert inside.get("/operators/").status_code == 404

    tenant = Tenant.objects.get(slug="noras-bakery")
    with plane(CONTROL):
        assert portal.get(f"/tenants/{tenant.public_id}/").status_code == 200

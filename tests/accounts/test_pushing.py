"""What the control plane tells a tenant on a server of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from paybill_site.accounts.models import User
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import Delivery, DeliveryState
from paybill_site.kernel.planes import CONTROL, Place, plane
from tenants import entry
from tenants.actions import RevokeMembership
from tenants.models import Account, Membership, Placement, Tenant
from tenants.states import Isolation
from tests.cast import browser


@pytest.fixture
def local(teammate_user: User, tenant_a: Place) -> User:
    """The teammate as the tenant's plane knows it."""
    with plane(tenant_a):
        return User.objects.create_user(
            teammate_user.email, public_id=teammate_user.public_id
        )


def push(token: str, host: str = "ta.localhost") -> Any:
    return browser(host).post("/entry/push/", token, "text/plain")


def test_a_signed_word_ends_somebodys_access_once(
    live_tenant: Tenant, local: User, tenant_a: Place
) -> None:
    token = entry.access_token(live_tenant, local.public_id, "none")
    assert push(token).status_code == 204
    with plane(tenant_a):
        local.refresh_from_db()
        assert not local.is_active
        User.objects.filter(pk=local.pk).update(is_active=True)
    assert push(token).status_code == 400


def test_it_is_believed_by_no_other_tenant(live_tenant: Tenant, local: User) -> None:
    token = entry.access_token(live_tenant, local.public_id, "none")
    assert push(token, "tb.localhost").status_code == 400


def test_a_way_in_is_no_such_word_and_the_other_way_round(
    live_tenant: Tenant, account: Account
) -> None:
    assert push(entry.bootstrap_token(live_tenant)).status_code == 400


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é" * 100, "x" * 100_000])
def test_anything_else_is_refused(live_tenant: Tenant, token: str) -> None:
    assert push(token).status_code in {400, 422}


class Silo(BaseHTTPRequestHandler):
    bodies: list[bytes]
    status = 204

    def do_POST(self) -> None:
        type(self).bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(type(self).status)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def silo(live_tenant: Tenant) -> Iterator[type[Silo]]:
    """A server of the tenant's own that answers as told."""
    answers = type("Answers", (Silo,), {"bodies": []})
    server = HTTPServer(("127.0.0.1", 0), answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Placement.objects.filter(tenant=live_tenant).update(
        kind=Isolation.SILO, base_url=f"http://ta.localhost:{server.server_port}"
    )
    yield answers
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(("status", "state"), [(204, "done"), (503, "pending")])
def test_a_removal_reaches_the_silo_or_is_tried_again(
    silo: type[Silo],
    status: int,
    state: str,
    owner: Actor,
    account: Account,
    teammate_user: User,
) -> None:
    silo.status = status
    member = Membership.objects.get(account=account, user=teammate_user.public_id)
    perform(RevokeMembership, member, actor=owner)
    with plane(CONTROL):
        outbox.drain()
    assert len(silo.bodies) == 1
    told = Delivery.objects.get(handler="tenants.end_sessions")
    assert told.state == DeliveryState(state)

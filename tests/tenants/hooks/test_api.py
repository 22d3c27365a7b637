"""Webhooks by REST, with a key; and how lists are narrowed and ordered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants.hooks.actions import SendTest
from tenants.models import Account, WebhookEndpoint, WebhookMessage
from tests.cast import LogIn
from tests.tenants.hooks.conftest import Listen, Receiver, send_all
from tests.tenants.keys.test_keys import make, program

JSON = "application/json"


@pytest.fixture
def web(account: Account, owner: Actor) -> Client:
    return program(make(account, owner, "webhooks:write"))


def ids(answer: Any) -> list[str]:
    return [row["id"] for row in answer.json()["results"]]


def test_a_program_adds_tries_and_rotates_a_webhook(
    web: Client, account: Account, receiver: Receiver
) -> None:
    path = f"/api/accounts/{account.public_id}/webhook-endpoints"
    asked = {"url": receiver.url, "types": ["tenant.live"]}
    answers = [
        web.post(path, asked, JSON, headers={"idempotency-key": "one"})
        for _ in range(2)
    ]
    first, again = (answer.json() for answer in answers)
    assert (first["id"], again["secret"]) == (again["id"], "")
    assert answers[0]["Cache-Control"] == "no-store"
    one = f"/api/webhook-endpoints/{first['id']}"
    assert "secret" not in web.get(one).json()
    assert web.post(f"{one}/test", {}, JSON).status_code == 200
    assert send_all() == 1
    receiver.verify(first["secret"])
    fresh = web.post(f"{one}/secret", {}, JSON).json()["secret"]
    web.post(f"{one}/test", {}, JSON)
    send_all()
    receiver.verify(fresh)
    receiver.verify(first["secret"])
    (attempt, _) = web.get("/api/webhook-attempts").json()["results"]
    assert (attempt["status"], attempt["number"]) == (204, 1)


def test_a_dry_run_makes_no_secret(
    web: Client, account: Account, receiver: Receiver
) -> None:
    path = f"/api/accounts/{account.public_id}/webhook-endpoints?dry_run=true"
    answer = web.post(path, {"url": receiver.url, "types": ["*"]}, JSON)
    assert answer.json()["dry_run"] is True
    assert "whsec_" not in answer.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_what_failed_is_sent_again_since_a_time(
    web: Client, receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    endpoint = listen(receiver)
    for _ in range(3):
        perform(SendTest, endpoint, actor=owner)
    old = WebhookMessage.objects.order_by("id")[0]
    WebhookMessage.objects.update(state="failed")
    now = timezone.now()
    WebhookMessage.objects.filter(pk=old.pk).update(created_at=now - timedelta(days=2))
    again = f"/api/webhook-endpoints/{endpoint.public_id}/resend"
    since = (now - timedelta(days=1)).isoformat()
    assert web.post(again, {"since": since}, JSON).json()["resent"] == 2
    assert send_all() == 2
    for wrong in ("2026-01-01T00:00:00", "soon", None):
        assert web.post(again, {"since": wrong}, JSON).status_code == 422


def test_a_list_is_narrowed_and_ordered_as_asked(
    web: Client, receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    first, second = listen(receiver), listen(receiver)
    made = [perform(SendTest, first, actor=owner).result for _ in range(2)]
    other = perform(SendTest, second, actor=owner).result
    WebhookMessage.objects.filter(pk=made[0].pk).update(state="failed")
    base = "/api/webhook-messages"
    of_first = ids(web.get(f"{base}?endpoint={first.public_id}&order=oldest"))
    assert of_first == [message.public_id for message in made]
    assert ids(web.get(base))[0] == other.public_id
    assert ids(web.get(f"{base}?state=failed")) == [made[0].public_id]
    tomorrow = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert ids(web.get(f"{base}?created_at__gte={tomorrow}")) == []
    assert len(ids(web.get(f"{base}?created_at__lt={tomorrow}"))) == 3


@pytest.mark.parametrize(
    "query",
    [
        "state=eaten",
        "endpoint=1",
        "endpoint=%00x",
        "created_at__gte=yesterday",
        "created_at__lt=0001-01-01T00:00:00%2B14:00",
        "order=random",
    ],
)
def test_a_filter_that_can_not_be_is_refused(query: str, web: Client) -> None:
    answer = web.get(f"/api/webhook-messages?{query}")
    assert answer.status_code in {400, 422}
    assert answer["Content-Type"] == "application/problem+json"


def test_types_are_listed_with_their_schemas(web: Client) -> None:
    found = {one["name"]: one for one in web.get("/api/webhook-types").json()["types"]}
    assert {"invoice.paid", "tenant.live", "run.ended", "webhook.test"} <= found.keys()
    schema = found["invoice.paid"]["schema"]
    assert schema["properties"]["type"] == {"const": "invoice.paid"}
    assert "state" in schema["properties"]["data"]["properties"]


def test_who_only_reads_webhooks_changes_none(
    account: Account, owner: Actor, receiver: Receiver, listen: Listen
) -> None:
    endpoint = listen(receiver)
    reader = program(make(account, owner, "webhooks:read"))
    one = f"/api/webhook-endpoints/{endpoint.public_id}"
    assert reader.get(one).status_code == 200
    assert reader.post(f"{one}/test", {}, JSON).json()["rule"] == "scope"


def test_operators_see_and_help_and_never_read_a_secret(
    operator_user: User, log_in: LogIn, receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    endpoint = listen(receiver)
    perform(SendTest, endpoint, actor=owner)
    send_all()
    desk = log_in(operator_user)
    message = WebhookMessage.objects.get()
    for page in (
        f"webhookendpoint/{endpoint.pk}/change/",
        f"webhookmessage/{message.pk}/change/",
        "webhookmessage/?state__exact=delivered",
        "apikey/",
    ):
        answer = desk.get(f"/operators/tenants/{page}")
        assert answer.status_code == 200, page
        assert endpoint.secret not in answer.content.decode()

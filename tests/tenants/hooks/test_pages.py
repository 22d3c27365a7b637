"""What an owner sees and does under Account, Developers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants.hooks.actions import DisableEndpoint, SendTest
from tenants.models import Account, ApiKey, WebhookEndpoint, WebhookMessage
from tests.cast import LogIn
from tests.tenants.hooks.conftest import Listen, Receiver, send_all

SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")
KEY = re.compile(r"pbk_key_[A-Za-z0-9_-]{43}")


@pytest.fixture
def owners(owner_user: User, account: Account, log_in: LogIn) -> Client:
    return log_in(owner_user)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def once(page: str) -> str:
    """The key that the form on the page carries."""
    found = re.search(r'name="once" value="(key_\w+)"', page)
    assert found
    return found[1]


def test_a_key_is_made_shown_once_and_revoked(owners: Client, account: Account) -> None:
    assert owners.get("/developers/")["Location"] == f"/developers/{account.public_id}/"
    new = f"/developers/{account.public_id}/keys/new/"
    asked = {
        "name": "Shop <b>",
        "scopes": ["billing:read", "usage:write"],
        "per_minute": "60",
        "once": once(text(owners.get(new))),
    }
    shown = owners.post(new, asked)
    (secret,) = set(KEY.findall(text(shown)))
    assert "no-store" in shown["Cache-Control"]
    again = owners.post(new, asked)
    assert secret not in text(again)
    assert "was shown then" in text(again)
    (key,) = ApiKey.objects.all()
    assert (key.scopes, key.per_minute) == (["billing:read", "usage:write"], 60)
    page = f"/developers/{account.public_id}/"
    assert "Shop &lt;b&gt;" in text(owners.get(page))
    owners.post(page, {"key": key.public_id})
    assert "Revoked" in text(owners.get(page))


def test_what_is_missing_is_said_and_nothing_is_made(
    owners: Client, account: Account
) -> None:
    new = f"/developers/{account.public_id}/keys/new/"
    answer = owners.post(new, {"name": "", "scopes": ["root:all"], "per_minute": "0"})
    assert answer.status_code == 422
    assert "Error:" in text(answer)
    hook = f"/developers/{account.public_id}/webhooks/new/"
    answer = owners.post(hook, {"url": "https://10.0.0.1/", "types": ["*"]})
    assert answer.status_code == 422
    assert "not a public address" in text(answer)
    assert not ApiKey.objects.exists()
    assert not WebhookEndpoint.objects.exists()


def test_a_webhook_is_added_tried_changed_and_removed(
    owners: Client, account: Account, receiver: Receiver
) -> None:
    new = f"/developers/{account.public_id}/webhooks/new/"
    asked = {"url": receiver.url, "description": "Ours", "types": ["invoice.paid"]}
    shown = owners.post(new, {**asked, "once": once(text(owners.get(new)))})
    (secret,) = set(SECRET.findall(text(shown)))
    (endpoint,) = WebhookEndpoint.objects.all()
    page = f"/developers/webhooks/{endpoint.public_id}/"
    assert secret not in text(owners.get(page))

    owners.post(page, {"action": "test"})
    assert send_all() == 1
    receiver.verify(secret)
    seen = text(owners.get(page))
    assert "webhook.test" in seen
    assert "Delivered" in seen
    (message,) = WebhookMessage.objects.all()
    one = f"/developers/messages/{message.public_id}/"
    assert "204" in text(owners.get(one))
    owners.post(one)
    assert send_all() == 1
    assert receiver.ids == [message.public_id] * 2

    changed = {**asked, "types": ["*"], "description": ""}
    assert owners.post(f"{page}change/", changed).status_code == 302
    assert "every event" in text(owners.get(page))
    rotated = text(owners.post(page, {"action": "rotate"}))
    (fresh,) = set(SECRET.findall(rotated))
    assert fresh != secret
    assert owners.post(page, {"action": "remove"}).status_code == 302
    assert owners.get(page).status_code == 404
    assert owners.post(page, {"action": "test"}).status_code == 404


def test_what_failed_is_found_and_sent_again(
    owners: Client, receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    endpoint = listen(receiver)
    perform(SendTest, endpoint, actor=owner)
    WebhookMessage.objects.update(state="failed")
    page = f"/developers/webhooks/{endpoint.public_id}/"
    assert "1 failed" in text(owners.get(page))
    assert "Messages that are failed" in text(owners.get(f"{page}?state=failed"))
    owners.post(page, {"action": "resend"})
    assert send_all() == 1


def test_a_disabled_one_says_why_and_is_enabled(
    owners: Client, receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    endpoint = listen(receiver)
    perform(DisableEndpoint, endpoint, actor=owner)
    page = f"/developers/webhooks/{endpoint.public_id}/"
    assert "Disabled: by somebody here" in text(owners.get(page))
    assert owners.post(page, {"action": "nonsense"}).status_code == 404
    owners.post(page, {"action": "enable"})
    endpoint.refresh_from_db()
    assert endpoint.state == "enabled"


def test_nobody_else_finds_these_pages(  # noqa: PLR0917
    account: Account, receiver: Receiver, listen: Listen, owner: Actor,
    teammate_user: User, outsider_user: User, log_in: LogIn,
) -> None:  # fmt: skip
    endpoint = listen(receiver)
    message = perform(SendTest, endpoint, actor=owner).result
    addresses = [
        f"/developers/{account.public_id}/",
        f"/developers/{account.public_id}/keys/new/",
        f"/developers/{account.public_id}/webhooks/new/",
        f"/developers/webhooks/{endpoint.public_id}/",
        f"/developers/webhooks/{endpoint.public_id}/change/",
        f"/developers/messages/{message.public_id}/",
    ]
    for user in (teammate_user, outsider_user):
        client = log_in(user)
        for address in addresses:
            assert client.get(address).status_code == 404, address
            assert client.post(address).status_code == 404, address
    assert "Nothing to manage" in text(log_in(teammate_user).get("/developers/"))

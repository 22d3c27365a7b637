"""From something that happens to what a customer's server is told of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from paybill_site.kernel import web, webhooks
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, Invalid, NotFound
from paybill_site.kernel.models import AuditEntry
from tenants.actions import ResumeTenant, SuspendTenant
from tenants.errors import NotListening, TooManyEndpoints
from tenants.hooks import queue, sending, tasks
from tenants.hooks.actions import (
    AddEndpoint,
    DisableEndpoint,
    EnableEndpoint,
    RemoveEndpoint,
    ResendFailed,
    ResendMessage,
    RotateSecret,
    SendTest,
)
from tenants.models import (
    Account,
    Tenant,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookMessage,
)
from tests.tenants.hooks.conftest import Listen, Receiver, hurry, send_all
from tests.tenants.test_going_live import drain


def suspend(tenant: Tenant, operator: Actor) -> None:
    perform(SuspendTenant, tenant, {"cause": "operator"}, actor=operator)
    drain()


def state_of(endpoint: WebhookEndpoint) -> str:
    endpoint.refresh_from_db()
    return endpoint.state


def test_a_chosen_event_is_told_signed_and_thin(
    live_tenant: Tenant, receiver: Receiver, listen: Listen, operator: Actor
) -> None:
    endpoint = listen(receiver, "tenant.suspended")
    suspend(live_tenant, operator)
    perform(ResumeTenant, live_tenant, actor=operator)
    drain()
    assert send_all() == 1
    (told,) = receiver.told
    assert told["type"] == "tenant.suspended"
    assert told["data"] == {
        "account": live_tenant.account.public_id,
        "tenant": live_tenant.public_id,
        "state": "suspended",
    }
    receiver.verify(endpoint.secret)
    (message,) = endpoint.messages.all()
    assert (message.state, message.attempts) == ("delivered", 1)
    (attempt,) = message.tried.all()
    assert (attempt.status, attempt.said) == (204, "")


def test_a_delivery_that_comes_twice_tells_once(
    live_tenant: Tenant, receiver: Receiver, listen: Listen, operator: Actor
) -> None:
    listen(receiver, "tenant.suspended")
    suspend(live_tenant, operator)
    (message,) = WebhookMessage.objects.all()
    queue.write([message.endpoint], message.type, message.body, message.key)
    assert WebhookMessage.objects.count() == 1


def test_other_accounts_and_unchosen_types_are_not_told(
    live_tenant: Tenant, listen: Listen, receiver: Receiver, operator: Actor,
    outsider: Actor,
) -> None:  # fmt: skip
    listen(receiver, "tenant.closed")
    other = Account.objects.get(name="Other")
    asked = {"url": receiver.url, "types": ["*"]}
    perform(AddEndpoint, other, asked, actor=outsider)
    suspend(live_tenant, operator)
    assert send_all() == 0


def test_the_same_message_keeps_its_id_over_retries(
    receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    endpoint = listen(receiver)
    receiver.status, receiver.body = 500, b"token=abcdefghijklmnop it broke\n\x07"
    perform(SendTest, endpoint, actor=owner)
    for _ in range(3):
        assert send_all() == 1
        hurry()
    receiver.status = 200
    assert send_all() == 1
    assert len(set(receiver.ids)) == 1
    assert len({body for _, body in receiver.got}) == 1
    receiver.verify(endpoint.secret)
    tried = list(WebhookAttempt.objects.order_by("number"))
    assert [(t.number, t.status) for t in tried] == [
        (1, 500), (2, 500), (3, 500), (4, 200),
    ]  # fmt: skip
    assert tried[0].said == "token=[redacted] it broke"
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None


def test_after_the_last_attempt_it_is_given_up_and_can_be_sent_again(
    receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    endpoint = listen(receiver)
    receiver.status = 503
    message = perform(SendTest, endpoint, actor=owner).result
    for _ in webhooks.SCHEDULE:
        assert send_all() == 1
        hurry()
    message.refresh_from_db()
    assert (message.state, message.failures) == ("failed", len(webhooks.SCHEDULE))
    assert send_all() == 0
    receiver.status = 200
    since = {"since": (timezone.now() - timedelta(hours=1)).isoformat()}
    done = perform(ResendFailed, endpoint, since, actor=owner)
    assert done.output["resent"] == 1
    assert send_all() == 1
    message.refresh_from_db()
    assert (message.state, set(receiver.ids)) == ("delivered", {message.public_id})
    perform(ResendMessage, message, actor=owner)
    assert send_all() == 1
    assert message.tried.count() == len(webhooks.SCHEDULE) + 2


def test_a_receiver_that_asks_for_time_gets_it(
    receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    endpoint = listen(receiver)
    receiver.status, receiver.headers = 429, {"Retry-After": "600"}
    first = perform(SendTest, endpoint, actor=owner).result
    before = timezone.now()
    assert send_all() == 1
    first.refresh_from_db()
    assert first.next_at >= before + timedelta(seconds=600)
    perform(SendTest, endpoint, actor=owner)
    assert send_all() == 0, "nor is it told of anything else before"


def test_a_redirect_is_a_failure_and_is_not_followed(
    receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    receiver.status = 307
    receiver.headers = {"Location": f"{receiver.url}/further"}
    message = perform(SendTest, listen(receiver), actor=owner).result
    assert send_all() == 1
    assert len(receiver.got) == 1
    message.refresh_from_db()
    assert (message.state, message.failures) == ("pending", 1)


def test_one_that_is_gone_is_disabled_at_once_and_a_mail_says_so(
    receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    endpoint = listen(receiver)
    receiver.status = 410
    for _ in range(3):
        perform(SendTest, endpoint, actor=owner)
    assert send_all() == 1
    assert state_of(endpoint) == "disabled"
    assert endpoint.disabled_because == "gone"
    assert set(endpoint.messages.values_list("state", flat=True)) == {"failed"}
    drain()
    (letter,) = mail.outbox
    assert letter.to == ["olivia@example.com"]
    assert "it is gone (410)" in letter.body
    assert f"/developers/webhooks/{endpoint.public_id}/" in letter.body
    with pytest.raises(NotListening):
        perform(SendTest, endpoint, actor=owner)
    with pytest.raises(NotListening):
        perform(ResendMessage, endpoint.messages.first(), actor=owner)
    perform(EnableEndpoint, endpoint, actor=owner)
    assert (state_of(endpoint), endpoint.failing_since) == ("enabled", None)


def test_one_that_fails_for_days_is_disabled(
    receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    endpoint = listen(receiver)
    receiver.status = 500
    perform(SendTest, endpoint, actor=owner)
    assert send_all() == 1
    assert state_of(endpoint) == "enabled"
    long_ago = timezone.now() - sending.PATIENCE - timedelta(hours=1)
    WebhookEndpoint.objects.update(failing_since=long_ago)
    hurry()
    assert send_all() == 1
    assert state_of(endpoint) == "disabled"
    assert endpoint.disabled_because == "failing"
    entry = AuditEntry.objects.filter(action="tenants.unplug_endpoint").get()
    assert entry.actor == "system:webhooks"


def test_an_address_that_became_private_is_not_called(
    receiver: Receiver, listen: Listen, owner: Actor, settings: Any
) -> None:
    endpoint = listen(receiver)
    perform(SendTest, endpoint, actor=owner)
    settings.PAYBILL_EMBEDDED = False
    assert send_all() == 1
    assert receiver.got == []
    (attempt,) = WebhookAttempt.objects.all()
    assert (attempt.status, "https" in attempt.said) == (None, True)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "https://10.0.0.8/x",
        "https://169.254.169.254/latest",
        "https://[fd00::1]/x",
        "https://me:secret@93.184.216.34/",
        "https://93.184.216.34/a b",
        "ftp://93.184.216.34/",
        "https://",
        "nonsense",
    ],
)
def test_an_address_that_can_not_be_told_is_refused(
    url: str, account: Account, owner: Actor
) -> None:
    with pytest.raises(Invalid):
        perform(AddEndpoint, account, {"url": url, "types": ["*"]}, actor=owner)


@pytest.mark.parametrize("here", ["https://127.0.0.1/x", "http://localhost:8000/x"])
def test_this_machine_is_told_in_an_evaluation_alone(
    here: str, account: Account, owner: Actor, settings: Any
) -> None:
    asked = {"url": here, "types": ["*"]}
    perform(AddEndpoint, account, asked, actor=owner)
    settings.PAYBILL_EMBEDDED = False
    with pytest.raises(Invalid):
        perform(AddEndpoint, account, asked, actor=owner)


def test_a_type_that_nobody_publishes_can_not_be_chosen(
    account: Account, owner: Actor, receiver: Receiver
) -> None:
    asked = {"url": receiver.url, "types": ["invoice.eaten"]}
    with pytest.raises(Invalid, match="webhook-types"):
        perform(AddEndpoint, account, asked, actor=owner)


def test_a_secret_is_shown_once_and_rotates_with_two_signatures(
    receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    endpoint = listen(receiver)
    old = endpoint.fresh_secret
    fresh = perform(RotateSecret, endpoint, actor=owner).result.fresh_secret
    assert fresh.startswith("whsec_")
    assert fresh != old
    perform(SendTest, endpoint, actor=owner)
    send_all()
    receiver.verify(old)
    receiver.verify(fresh)
    WebhookEndpoint.objects.update(former_until=timezone.now())
    perform(SendTest, endpoint, actor=owner)
    send_all()
    receiver.verify(fresh)
    with pytest.raises(webhooks.Forged):
        receiver.verify(old)
    for entry in AuditEntry.objects.all():
        assert fresh not in entry.body
        assert old not in entry.body


def test_nothing_is_kept_for_who_is_disabled(
    live_tenant: Tenant, receiver: Receiver, listen: Listen, owner: Actor,
    operator: Actor,
) -> None:  # fmt: skip
    endpoint = listen(receiver)
    perform(DisableEndpoint, endpoint, actor=owner)
    suspend(live_tenant, operator)
    perform(EnableEndpoint, endpoint, actor=owner)
    assert send_all() == 0


def test_a_removed_one_is_told_nothing_and_forgets_its_secret(
    receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    endpoint = listen(receiver)
    perform(SendTest, endpoint, actor=owner)
    perform(RemoveEndpoint, endpoint, actor=owner)
    assert send_all() == 0
    assert state_of(endpoint) == "removed"
    assert endpoint.secret == ""
    with pytest.raises(NotListening):
        perform(RotateSecret, endpoint, actor=owner)
    WebhookMessage.objects.update(settled_at=timezone.now() - timedelta(days=31))
    tasks.forget_hooks()
    assert not WebhookEndpoint.objects.exists()


def test_an_account_has_only_so_many(
    account: Account, owner: Actor, listen: Listen, receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("tenants.hooks.actions.MOST_ENDPOINTS", 1)
    first = listen(receiver)
    with pytest.raises(TooManyEndpoints):
        listen(receiver)
    perform(RemoveEndpoint, first, actor=owner)
    listen(receiver)


def test_only_who_manages_the_account_touches_its_webhooks(
    account: Account, receiver: Receiver, listen: Listen, teammate: Actor,
    outsider: Actor,
) -> None:  # fmt: skip
    endpoint = listen(receiver)
    asked = {"url": receiver.url, "types": ["*"]}
    with pytest.raises(Forbidden):
        perform(AddEndpoint, account, asked, actor=teammate)
    with pytest.raises(NotFound):
        perform(AddEndpoint, account, asked, actor=outsider)
    for actor in (teammate, outsider):
        with pytest.raises(NotFound):
            perform(SendTest, endpoint, actor=actor)
        assert not WebhookEndpoint.objects.visible_to(actor).exists()
        assert not WebhookAttempt.objects.visible_to(actor).exists()


def test_an_answer_without_end_is_cut_off(
    receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    receiver.status, receiver.body = 200, b"x" * (sending.LIMIT + 10)
    perform(SendTest, listen(receiver), actor=owner)
    send_all()
    (attempt,) = WebhookAttempt.objects.all()
    assert (attempt.status, "more than" in attempt.said) == (None, True)


def test_nobody_who_is_away_breaks_the_queue(
    receiver: Receiver, listen: Listen, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = listen(receiver)

    def refuse(*_: Any, **__: Any) -> web.Answer:
        raise web.Unreachable("localhost: ConnectTimeoutError")

    monkeypatch.setattr(web, "call", refuse)
    perform(SendTest, endpoint, actor=owner)
    assert send_all() == 1
    assert WebhookAttempt.objects.get().said == "localhost: ConnectTimeoutError"

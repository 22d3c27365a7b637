"""Signing up, verifying the address, and the limits on it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from paybill_site.accounts import adapter
from paybill_site.accounts.models import User
from paybill_site.kernel.models import AuditEntry, OutboxEvent
from paybill_site.kernel.planes import Place
from tests.cast import PASSWORD, browser, make_user

NEW = "nora@example.com"


def sign_up(client: Client, email: str = NEW, password: str = PASSWORD) -> Any:
    given = {"email": email, "password1": password, "password2": password}
    return client.post("/accounts/signup/", given)


def link_in(mail: Any) -> str:
    found = re.search(r"https?://\S+/confirm-email/\S+", mail.body)
    assert found is not None
    return found.group()


def test_a_log_in_opens_when_the_address_is_verified(
    control: Place, mailoutbox: list[Any]
) -> None:
    client = browser()
    answer = sign_up(client)
    assert answer["Location"] == "/accounts/confirm-email/"
    assert client.get("/tenants/").status_code == 302
    link = link_in(mailoutbox[0])
    assert link.startswith(settings.PAYBILL_BASE_URL)
    client.post(urlsplit(link).path)
    user = User.objects.get(email=NEW)
    assert user.emailaddress_set.get().verified


def test_the_sign_up_is_audited_without_address_or_password(control: Place) -> None:
    sign_up(browser())
    row = AuditEntry.objects.get(action="accounts.sign_up")
    assert (row.outcome, row.actor) == ("done", "anonymous")
    assert PASSWORD not in row.body
    assert NEW not in row.body
    assert OutboxEvent.objects.get(name="accounts.signed_up").payload == {
        "user": User.objects.get().public_id
    }


def test_a_known_address_gets_the_same_answer_and_a_mail_instead(
    control: Place, mailoutbox: list[Any]
) -> None:
    make_user("nora")
    answer = sign_up(browser())
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/confirm-email/"
    assert User.objects.count() == 1
    assert "confirm-email" not in mailoutbox[0].body


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("", PASSWORD),
        ("nobody", PASSWORD),
        (NEW, "short"),
        (NEW, "password"),
        (f"{'x' * 300}@example.com", PASSWORD),
        ("nora@example.com\nBcc: x@example.com", PASSWORD),
        ("nora\x00@example.com", PASSWORD),
    ],
)
def test_bad_input_is_a_form_error(control: Place, email: str, password: str) -> None:
    answer = sign_up(browser(), email, password)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not User.objects.exists()


def test_addresses_are_one_whatever_their_case(control: Place) -> None:
    sign_up(browser(), "Nora@Example.com")
    sign_up(browser(), "nora@example.COM")
    assert User.objects.get().email == NEW


def test_one_address_is_tried_a_few_times_an_hour(
    control: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(adapter.MOST, "address", 2)
    statuses = [sign_up(browser(), "often@example.com").status_code for _ in range(3)]
    assert statuses == [302, 302, 429]


@pytest.mark.parametrize("name", ["ip", "installation"])
def test_many_addresses_from_one_place_are_limited(
    control: Place, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(adapter.MOST, name, 0)
    answer = sign_up(browser())
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert not User.objects.exists()


def test_a_forged_host_never_gets_into_a_mail(
    control: Place, mailoutbox: list[Any]
) -> None:
    client = Client(SERVER_NAME=settings.CONTROL_HOST, SERVER_PORT="6666")
    sign_up(client)
    assert "6666" not in mailoutbox[0].body


def test_a_form_without_its_csrf_token_is_refused(control: Place) -> None:
    client = Client(SERVER_NAME=settings.CONTROL_HOST, enforce_csrf_checks=True)
    assert sign_up(client).status_code == 403

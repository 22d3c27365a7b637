"""In and out of the two administrations: back to where one wanted to go."""

from __future__ import annotations

from django.test import Client

from paybill_site.accounts.models import User
from paybill_site.kernel.planes import Place, plane
from tests.agents.people import enter, person
from tests.cast import PASSWORD, LogIn, browser

WANTED = "/operators/billing/invoice/"


def test_the_log_in_leads_back_to_the_page_that_was_wanted(
    operator_user: User,
) -> None:
    desk = browser()
    sent = desk.get(WANTED)
    while sent.status_code == 302:
        page = sent["Location"]
        sent = desk.get(page)
    given = {"login": operator_user.email, "password": PASSWORD}
    arrived = desk.post(page, given, follow=True)
    assert arrived.redirect_chain[-1][0] == WANTED
    assert arrived.status_code == 200


def test_the_log_in_leads_to_no_other_host(log_in: LogIn, operator_user: User) -> None:
    for bad in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        for desk in (browser(), log_in(operator_user)):
            answer = desk.get("/operators/login/", {"next": bad})
            assert "evil" not in answer["Location"]
            assert "javascript" not in answer["Location"]


def test_who_is_known_but_no_operator_finds_no_administration(
    log_in: LogIn, owner_user: User
) -> None:
    answer = log_in(owner_user).get(WANTED, follow=True)
    assert answer.status_code == 404


def test_logging_out_ends_the_session_by_a_button_alone(
    log_in: LogIn, operator_user: User
) -> None:
    desk = log_in(operator_user)
    assert desk.get("/operators/logout/").status_code == 405
    assert desk.get(WANTED).status_code == 200
    assert desk.post("/operators/logout/")["Location"] == "/"
    assert desk.get(WANTED).status_code == 302


def admin_of(place: Place) -> Client:
    with plane(place):
        return enter(browser("ta.localhost"), person("owner"))


def test_a_tenants_admin_leaves_and_has_no_password(tenant_a: Place) -> None:
    inside = admin_of(tenant_a)
    assert inside.get("/admin/").status_code == 200
    assert inside.get("/admin/password_change/").status_code == 404
    assert inside.post("/admin/logout/")["Location"] == "/"
    entry = inside.get("/admin/storefront/order/", follow=False)
    assert entry.status_code == 302
    again = inside.get(entry["Location"])
    assert again["Location"].startswith("/entry/?next=%2Fadmin%2Fstorefront")

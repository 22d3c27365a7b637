"""Coming into a tenant, and every way that must not lead in."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.http import HttpResponse
from django.test import Client

from paybill_site.accounts import entry, views
from paybill_site.accounts.models import EntryUse, User
from paybill_site.accounts.sessions import cookie_name
from paybill_site.accounts.stepup import PROVED
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.crypto import private_key
from paybill_site.kernel.ids import new_id
from paybill_site.kernel.models import AuditEntry
from paybill_site.kernel.planes import CONTROL, Place, plane
from tenants.actions import RevokeMembership, SuspendTenant
from tenants.models import Account, Domain, Membership, Tenant
from tenants.routing import forget_hosts
from tests.cast import LogIn, browser

HOST = "ta.localhost"


def ask(at_tenant: Client, path: str = "/entry/") -> str:
    """Knock at the tenant; return where it sends the browser."""
    answer = at_tenant.get(path)
    assert answer.status_code == 302
    return answer["Location"]


def authorize(at_control: Client, url: str) -> Any:
    parts = urlsplit(url)
    return at_control.get(f"{parts.path}?{parts.query}")


def come_back(at_tenant: Client, url: str) -> Any:
    parts = urlsplit(url)
    return at_tenant.get(f"{parts.path}?{parts.query}")


def claims_for(place: Place, verifier: str, **changed: Any) -> str:
    """A code as the control plane makes it, with something changed."""
    now = int(time.time())
    claims = {
        "iss": settings.PAYBILL_BASE_URL,
        "aud": HOST,
        "tenant": place.tenant,
        "sub": new_id("usr"),
        "email": "eve@example.com",
        "name": "Eve",
        "role": "owner",
        "code_challenge": entry.challenge(verifier),
        "jti": new_id("ent"),
        "iat": now,
        "exp": now + 60,
        **changed,
    }
    return jwt.encode(
        {k: v for k, v in claims.items() if v is not None},
        private_key("entry"),
        algorithm="EdDSA",
    )


class Knock:
    """A browser that stands at the tenant's door with its state and verifier."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.client = browser(HOST)
        self.url = ask(self.client)
        self.state = parse_qs(urlsplit(self.url).query)["state"][0]
        with plane(place):
            cookie = self.client.cookies[views.cookie_name()].value
            self.verifier = entry.unpack(cookie, self.state).verifier

    def bring(self, code: str, state: str | None = None) -> Any:
        asked = {"code": code, "state": self.state if state is None else state}
        return self.client.get("/entry/callback/", asked)


@pytest.fixture
def knock(live_tenant: Tenant, tenant_a: Place) -> Knock:
    return Knock(tenant_a)


def refused(answer: HttpResponse) -> bool:
    assert b"Traceback" not in answer.content
    return answer.status_code in {400, 422} and "paybill_tenant" not in answer.cookies


def test_an_owner_walks_in_and_owns_the_plane(
    knock: Knock, owner_user: User, log_in: LogIn, tenant_a: Place
) -> None:
    answer = authorize(log_in(owner_user), knock.url)
    assert answer["Location"].startswith("http://ta.localhost:")
    entered = come_back(knock.client, answer["Location"])
    assert (entered.status_code, entered["Location"]) == (302, "/")
    with plane(tenant_a):
        local = User.objects.get(public_id=owner_user.public_id)
        assert local.is_staff
        assert not local.has_usable_password()
        assert [group.name for group in local.groups.all()] == ["owners"]
        assert local.has_perm("storefront.view_order")


def test_a_member_works_and_does_not_administer(
    knock: Knock, teammate_user: User, log_in: LogIn, tenant_a: Place
) -> None:
    come_back(knock.client, authorize(log_in(teammate_user), knock.url)["Location"])
    with plane(tenant_a):
        local = User.objects.get(public_id=teammate_user.public_id)
        assert not local.is_staff
        assert local.has_perm("storefront.view_order")
        assert not local.has_perm("storefront.delete_order")
        assert not local.has_perm("kernel.view_auditentry")


def test_the_session_is_for_eight_hours_and_this_host(
    knock: Knock, owner_user: User, log_in: LogIn
) -> None:
    answer = authorize(log_in(owner_user), knock.url)
    entered = come_back(knock.client, answer["Location"])
    cookie = entered.cookies["paybill_tenant"]
    assert int(cookie["max-age"]) == 8 * 60 * 60
    assert cookie["domain"] == ""
    assert cookie["httponly"]


def test_the_way_back_to_a_page_is_kept_and_a_foreign_one_is_not(
    live_tenant: Tenant, tenant_a: Place
) -> None:
    for asked, kept in [
        ("/admin/", "/admin/"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
    ]:
        client = browser(HOST)
        client.get("/entry/", {"next": asked})
        with plane(tenant_a):
            packed = client.cookies[views.cookie_name()].value
            state = signing.loads(packed, salt=entry._salt())["state"]
            assert entry.unpack(packed, state).next == kept


def test_a_stranger_is_sent_to_the_log_in(knock: Knock) -> None:
    answer = authorize(browser(), knock.url)
    assert answer["Location"].startswith("/accounts/login/")


def test_after_a_form_the_way_goes_on_by_a_page(
    knock: Knock, owner_user: User, log_in: LogIn
) -> None:
    answer = authorize(log_in(owner_user), f"{knock.url}&after=form")
    assert answer.status_code == 200
    assert b"http://ta.localhost:" in answer.content


def test_an_outsider_does_not_even_find_the_tenant(
    knock: Knock, outsider_user: User, log_in: LogIn
) -> None:
    assert authorize(log_in(outsider_user), knock.url).status_code == 404


def test_an_operator_is_no_member(
    knock: Knock, operator_user: User, log_in: LogIn
) -> None:
    assert authorize(log_in(operator_user), knock.url).status_code == 403


def test_a_host_that_is_not_the_tenants_gets_no_code(
    knock: Knock, owner_user: User, log_in: LogIn
) -> None:
    for host in ["evil.example", "tb.localhost", "", "ta.localhost.evil.example"]:
        url = knock.url.replace("host=ta.localhost", f"host={host}")
        answer = authorize(log_in(owner_user), url)
        assert answer.status_code in {404, 422}
        assert "Location" not in answer


@pytest.mark.parametrize("missing", ["tenant", "host", "state", "challenge"])
def test_an_incomplete_request_is_refused(
    knock: Knock, owner_user: User, log_in: LogIn, missing: str
) -> None:
    url = knock.url.replace(f"{missing}=", "other=")
    assert authorize(log_in(owner_user), url).status_code in {404, 422}


def test_a_suspended_tenant_lets_nobody_in(
    knock: Knock, owner_user: User, operator: Actor, log_in: LogIn, live_tenant: Tenant
) -> None:
    perform(SuspendTenant, live_tenant, actor=operator)
    assert authorize(log_in(owner_user), knock.url).status_code == 403
    forget_hosts()
    assert knock.client.get("/entry/").status_code == 403


def test_a_code_is_used_once(knock: Knock, owner_user: User, log_in: LogIn) -> None:
    url = authorize(log_in(owner_user), knock.url)["Location"]
    cookie = knock.client.cookies[views.cookie_name()].value
    assert come_back(knock.client, url).status_code == 302
    again = browser(HOST)
    again.cookies[views.cookie_name()] = cookie
    assert refused(come_back(again, url))


def test_a_stolen_code_is_worth_nothing_in_another_browser(
    knock: Knock, owner_user: User, log_in: LogIn, tenant_a: Place
) -> None:
    url = authorize(log_in(owner_user), knock.url)["Location"]
    assert refused(come_back(browser(HOST), url))
    thief = Knock(tenant_a)
    code = parse_qs(urlsplit(url).query)["code"][0]
    assert refused(thief.bring(code))


def test_a_code_pushed_on_somebody_else_does_not_log_it_in(knock: Knock) -> None:
    """Log-in CSRF: a valid code of the attacker's, without the victim's state."""
    code = claims_for(knock.place, knock.verifier)
    assert refused(knock.bring(code, state="x" * 43))
    with plane(knock.place):
        assert AuditEntry.objects.latest("id").outcome == "denied"


def test_a_valid_code_by_hand_shows_that_the_attacks_below_could_work(
    knock: Knock,
) -> None:
    assert knock.bring(claims_for(knock.place, knock.verifier)).status_code == 302


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "tb.localhost"},
        {"tenant": "ten_000000000000000000000000tb"},
        {"iss": "https://evil.example"},
        {"exp": 1_700_000_000},
        {"iat": 32_000_000_000},
        {"code_challenge": entry.challenge("another")},
        {"code_challenge": None},
        {"role": "operator"},
        {"jti": None},
        {"exp": None},
        {"sub": None},
        {"email": None},
    ],
    ids=str,
)
def test_a_code_for_somewhere_or_something_else_is_refused(
    knock: Knock, changed: dict[str, Any]
) -> None:
    assert refused(knock.bring(claims_for(knock.place, knock.verifier, **changed)))


def test_a_code_signed_by_nobody_or_by_another_key_is_refused(knock: Knock) -> None:
    good = claims_for(knock.place, knock.verifier)
    claims = jwt.decode(good, options={"verify_signature": False})
    forged = [
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode(claims, "k" * 32, algorithm="HS256"),
        jwt.encode(claims, private_key("licence"), algorithm="EdDSA"),
        good[:-4] + "AAAA",
        "x.y.z",
        "",
        "\x00",
        "x" * 10_000,
    ]
    for code in forged:
        assert refused(knock.bring(code))


def test_refusals_are_recorded_in_the_plane_without_the_code(knock: Knock) -> None:
    code = claims_for(knock.place, knock.verifier, aud="tb.localhost")
    knock.bring(code)
    with plane(knock.place):
        row = AuditEntry.objects.filter(action="accounts.enter_plane").latest("id")
        assert row.outcome == "denied"
        assert code not in row.body
        assert knock.verifier not in row.body
        assert not EntryUse.objects.exists()


def test_the_cookie_of_one_tenant_opens_nothing_in_another(
    knock: Knock, owner_user: User, log_in: LogIn
) -> None:
    come_back(knock.client, authorize(log_in(owner_user), knock.url)["Location"])
    other = browser("tb.localhost")
    other.cookies["paybill_tenant"] = knock.client.cookies["paybill_tenant"].value
    assert other.get("/admin/").status_code == 302


def test_who_is_removed_is_out_at_the_next_click(
    knock: Knock,
    teammate_user: User,
    account: Account,
    owner: Actor,
    log_in: LogIn,
) -> None:
    come_back(knock.client, authorize(log_in(teammate_user), knock.url)["Location"])
    assert knock.client.get("/").context["user"].is_authenticated
    member = Membership.objects.get(account=account, user=teammate_user.public_id)
    perform(RevokeMembership, member, actor=owner)
    with plane(CONTROL):
        outbox.drain()
    assert not knock.client.get("/").context["user"].is_authenticated


def test_a_domain_on_a_port_of_its_own_is_reached_there(
    knock: Knock, owner_user: User, log_in: LogIn
) -> None:
    Domain.objects.filter(domain=HOST).update(port=9001)
    answer = authorize(log_in(owner_user), knock.url)
    assert answer["Location"].startswith("http://ta.localhost:9001/entry/callback/")


def test_leaving_ends_the_session_here(
    knock: Knock, owner_user: User, log_in: LogIn
) -> None:
    come_back(knock.client, authorize(log_in(owner_user), knock.url)["Location"])
    assert knock.client.get("/leave/").status_code == 405
    assert knock.client.post("/leave/").status_code == 302
    assert knock.client.get("/admin/").status_code == 302


def test_coming_in_again_is_no_fresh_proof(
    knock: Knock, owner_user: User, log_in: LogIn, tenant_a: Place
) -> None:
    person, long_ago = log_in(owner_user), int(time.time()) - 3600
    session = SessionStore(person.cookies[cookie_name()].value)
    session["account_authentication_methods"] = [{"method": "password", "at": long_ago}]
    session["account_authentication_methods_user"] = str(owner_user.pk)
    with plane(CONTROL):
        session.save()
    come_back(knock.client, authorize(person, knock.url)["Location"])
    with plane(tenant_a):
        inside = SessionStore(knock.client.cookies[cookie_name()].value)
        assert inside[PROVED] == long_ago
    fresh = authorize(person, f"{knock.url}&fresh=1")
    assert fresh["Location"].startswith("/accounts/reauthenticate/")

"""Keys open what their scopes and their maker allow, and nothing else to anybody."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, NotFound
from paybill_site.kernel.logs import RedactingFilter
from paybill_site.kernel.models import AuditEntry
from tenants.actions import ChangeRole, RevokeMembership
from tenants.errors import TooManyKeys
from tenants.keys import scopes
from tenants.keys.actions import CreateKey, RevokeKey
from tenants.keys.scopes import Scope, permissions
from tenants.models import Account, ApiKey, Membership, Tenant
from tenants.roles import ROLE_PERMISSIONS
from tenants.states import Role
from tests.cast import LogIn, acting, browser, join, make_tenant, make_user

ALL = [scope.value for scope in Scope]


def make(account: Account, actor: Actor, *names: str, **more: Any) -> ApiKey:
    asked = {"name": "CI", "scopes": list(names), **more}
    made: ApiKey = perform(CreateKey, account, asked, actor=actor).result
    return made


def program(key: ApiKey | str) -> Client:
    """A program with this key and without cookies; forgery is looked for."""
    secret = key if isinstance(key, str) else key.secret
    headers = {"authorization": f"Bearer {secret}"}
    return Client(enforce_csrf_checks=True, SERVER_NAME="localhost", headers=headers)


def test_a_key_reads_and_acts_for_its_account_alone(
    account: Account, owner: Actor, tenant: Tenant, outsider: Actor
) -> None:
    other = Account.objects.get(name="Other")
    foreign = make_tenant(other, "foreign")
    key = make(account, owner, "tenants:write")
    web = program(key)
    found = web.get("/api/tenants").json()["results"]
    assert [row["id"] for row in found] == [tenant.public_id]
    assert web.get(f"/api/tenants/{foreign.public_id}").status_code == 404
    start = {"name": "Bakery two", "slug": "bakery-two"}
    made = web.post(
        f"/api/accounts/{account.public_id}/tenants", start, "application/json"
    )
    assert made.status_code == 200, made.content
    refused = web.post(
        f"/api/accounts/{other.public_id}/tenants", start, "application/json"
    )
    assert refused.status_code == 404
    entry = AuditEntry.objects.get(action="tenants.start_tenant", outcome="done")
    assert entry.actor == key.public_id


def test_what_is_out_of_scope_is_refused_by_name(
    account: Account, owner: Actor, tenant: Tenant
) -> None:
    web = program(make(account, owner, "tenants:read"))
    assert web.get(f"/api/tenants/{tenant.public_id}").status_code == 200
    close = f"/api/tenants/{tenant.public_id}/close"
    said = web.post(close, {}, "application/json")
    assert said.status_code == 403
    assert said.json()["rule"] == "scope"
    assert web.get("/api/invoices").json()["results"] == []
    entry = AuditEntry.objects.filter(outcome="denied").latest("id")
    assert (entry.action, '"rule":"scope"' in entry.body) == (
        "tenants.close_tenant",
        True,
    )


def test_every_read_is_recorded_with_the_key(
    account: Account, owner: Actor, tenant: Tenant
) -> None:
    key = make(account, owner, "tenants:read")
    program(key).get(f"/api/tenants/{tenant.public_id}?q=1")
    entry = AuditEntry.objects.get(action="tenants.use_key")
    assert (entry.actor, entry.chain) == (key.public_id, account.public_id)
    assert "api/tenants/<str:public_id>" in entry.body
    key.refresh_from_db()
    assert key.last_used_at is not None


@pytest.mark.parametrize(
    "secret", ["", "x", "pbk_key_" + "x" * 43, "x" * 5000, "pbk_key_é"]
)
def test_an_unknown_key_lets_nobody_in(secret: str, account: Account) -> None:
    answer = program(secret).get("/api/tenants")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer["Content-Type"] == "application/problem+json"


def test_a_revoked_key_is_out_at_once_and_an_expired_one_too(
    account: Account, owner: Actor
) -> None:
    key = make(account, owner, "tenants:read", days=3)
    assert program(key).get("/api/tenants").status_code == 200
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert program(key).get("/api/tenants").status_code == 401
    other = make(account, owner, "tenants:read")
    perform(RevokeKey, other, actor=owner)
    assert program(other).get("/api/tenants").status_code == 401
    rules = [
        entry.body.partition('"rule":"')[2].partition('"')[0]
        for entry in AuditEntry.objects.filter(action="tenants.use_key").order_by("id")
    ]
    assert rules == ["", "expired", "revoked"]


def test_a_key_is_never_more_than_its_maker(account: Account, owner: Actor) -> None:
    person = make_user("ada")
    member = join(account, person, Role.ADMIN)
    tenant = make_tenant(account, "shop")
    key = make(account, acting(person), *ALL)
    web = program(key)
    close = f"/api/tenants/{tenant.public_id}/close"
    answer = web.post(close, {}, "application/json")
    assert answer.json()["code"] == "forbidden", "an admin closes no tenant"
    perform(ChangeRole, member, {"role": "member"}, actor=owner)
    start = {"name": "More", "slug": "more-and-more"}
    path = f"/api/accounts/{account.public_id}/tenants"
    assert web.post(path, start, "application/json").status_code == 403
    assert web.get("/api/tenants").status_code == 200
    perform(RevokeMembership, member, actor=owner)
    assert web.get("/api/tenants").status_code == 401
    entry = AuditEntry.objects.filter(action="tenants.use_key").latest("id")
    assert '"rule":"maker"' in entry.body


def test_a_maker_who_may_not_log_in_any_more_has_no_keys(
    account: Account, owner: Actor, owner_user: User
) -> None:
    key = make(account, owner, "tenants:read")
    User.objects.filter(pk=owner_user.pk).update(is_active=False)
    assert program(key).get("/api/tenants").status_code == 401


def test_keys_make_no_keys_no_roles_and_no_members(
    account: Account, owner: Actor
) -> None:
    web = program(make(account, owner, *ALL))
    asked = {"name": "more", "scopes": ["tenants:read"]}
    base = f"/api/accounts/{account.public_id}"
    said = web.post(f"{base}/api-keys", asked, "application/json")
    assert (said.status_code, said.json()["rule"]) == (403, "scope")
    invite = {"email": "eve@example.com", "role": "owner"}
    said = web.post(f"{base}/invitations", invite, "application/json")
    assert (said.status_code, said.json()["rule"]) == (403, "scope")
    assert web.get("/api/api-keys").json()["results"] == []
    member = Membership.objects.get(account=account)
    role = f"/api/memberships/{member.public_id}/role"
    assert web.post(role, {"role": "member"}, "application/json").status_code == 403


def test_no_scope_holds_what_keys_must_never_do() -> None:
    can = permissions(ALL)
    assert not can & scopes.NEVER
    held = set().union(*ROLE_PERMISSIONS.values())
    assert held >= can
    assert "tenants.close_tenant" in can
    assert permissions(["nonsense"]) == {scopes.ACCOUNT}


def test_every_permission_of_a_member_has_its_scope_or_is_named_as_never() -> None:
    """Whoever adds a permission to a role decides whether programs have it, too."""
    held = set().union(*ROLE_PERMISSIONS.values())
    without = {name for name in held if scopes.scope_of(name) is None}
    assert without <= scopes.NEVER | {"agents.view_agent"}


def test_only_who_manages_the_account_makes_keys_and_within_its_role(
    account: Account, owner: Actor, teammate: Actor, outsider: Actor, operator: Actor
) -> None:
    with pytest.raises(Forbidden):
        make(account, teammate, "tenants:read")
    with pytest.raises(NotFound):
        make(account, outsider, "tenants:read")
    with pytest.raises(Forbidden, match="member"):
        make(account, operator, "tenants:read")
    key = make(account, owner, "tenants:read")
    for actor in (teammate, outsider):
        with pytest.raises(NotFound):
            perform(RevokeKey, key, actor=actor)
    perform(RevokeKey, key, actor=operator)


def test_an_account_has_only_so_many_keys(
    account: Account, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.keys.actions.MOST", 1)
    key = make(account, owner, "tenants:read")
    with pytest.raises(TooManyKeys):
        make(account, owner, "tenants:read")
    perform(RevokeKey, key, actor=owner)
    make(account, owner, "tenants:read")


def test_a_key_has_so_many_requests_in_a_minute(account: Account, owner: Actor) -> None:
    key = make(account, owner, "tenants:read", per_minute=2)
    statuses = [program(key).get("/api/tenants").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    answer = program(key).get("/api/tenants")
    assert 1 <= int(answer["Retry-After"]) <= 60


def test_a_key_is_shown_once_and_kept_nowhere(
    account: Account, owner_user: User, log_in: LogIn, caplog: pytest.LogCaptureFixture
) -> None:
    client = log_in(owner_user)
    path = f"/api/accounts/{account.public_id}/api-keys"
    asked = {"name": "CI", "scopes": ["tenants:read"]}
    caplog.set_level(logging.DEBUG)
    first = client.post(
        path, asked, "application/json", headers={"idempotency-key": "one"}
    )
    again = client.post(
        path, asked, "application/json", headers={"idempotency-key": "one"}
    )
    secret = first.json()["key"]
    assert secret.startswith("pbk_key_")
    assert (first["Cache-Control"], again.json()["key"]) == ("no-store", "")
    assert first.json()["id"] == again.json()["id"]
    for entry in AuditEntry.objects.all():
        assert secret not in entry.body
    assert secret not in caplog.text
    row = ApiKey.objects.get()
    assert secret not in {row.digest, row.prefix, row.name}


@pytest.mark.parametrize("place", ["/api/tenants?key={}", "/api/tenants/{}", "/{}/x"])
def test_a_key_in_an_address_is_refused_and_never_logged(
    place: str, account: Account, owner: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    key = make(account, owner, "tenants:read")
    caplog.set_level(logging.DEBUG)
    caplog.handler.addFilter(RedactingFilter())  # as every handler of ours has it
    for shown in (key.secret, key.secret.replace("_", "%5F")):
        answer = browser().get(place.format(shown))
        assert answer.status_code == 400
        assert "revoke" in answer.content.decode()
        assert key.secret not in answer.content.decode()
    assert key.secret not in caplog.text
    assert program(key).get(place.format(key.secret)).status_code == 400


def test_no_csrf_token_is_asked_of_a_key_and_one_is_of_a_session(
    account: Account, owner: Actor, owner_user: User, log_in: LogIn
) -> None:
    path = f"/api/accounts/{account.public_id}/tenants"
    start = {"name": "Shop", "slug": "shop-of-keys"}
    session = log_in(owner_user)
    session.handler.enforce_csrf_checks = True
    assert session.post(path, start, "application/json").status_code == 403
    web = program(make(account, owner, "tenants:write"))
    assert web.post(path, start, "application/json").status_code == 200


def test_a_bad_key_is_not_rescued_by_a_session(
    account: Account, owner_user: User, log_in: LogIn
) -> None:
    answer = log_in(owner_user).get(
        "/api/tenants", headers={"authorization": "Bearer pbk_key_nobody"}
    )
    assert answer.status_code == 401


def test_a_key_opens_no_tenants_plane(
    account: Account, owner: Actor, live_tenant: Tenant
) -> None:
    key = make(account, owner, *ALL)
    inside = Client(
        SERVER_NAME="ta.localhost", headers={"authorization": f"Bearer {key.secret}"}
    )
    assert inside.get("/api/agent-tokens").status_code == 401
    assert inside.get("/api/agents/tools").status_code == 401


def test_a_key_writes_once_under_one_idempotency_key(
    account: Account, owner: Actor
) -> None:
    web = program(make(account, owner, "tenants:write"))
    path = f"/api/accounts/{account.public_id}/tenants"
    start = {"name": "Shop", "slug": "shop-once"}
    answers = [
        web.post(path, start, "application/json", headers={"idempotency-key": "k"})
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert Tenant.objects.filter(slug="shop-once").count() == 1


def test_a_key_that_is_refused_over_and_over_is_recorded_once_a_minute(
    account: Account, owner: Actor
) -> None:
    key = make(account, owner, "tenants:read")
    web = program(key)
    perform(RevokeKey, key, actor=owner)
    assert {web.get("/api/tenants").status_code for _ in range(5)} == {401}
    told = AuditEntry.objects.filter(action="tenants.use_key", outcome="denied")
    assert told.count() in {1, 2}  # a minute may end meanwhile

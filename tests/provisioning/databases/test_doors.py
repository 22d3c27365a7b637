"""Backups through the portal, the API and the administration: who may what."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from paybill_site.accounts import stepup
from paybill_site.accounts.models import User
from paybill_site.kernel.models import AuditEntry
from provisioning.models import Backup, DatabaseJob
from tenants.models import Tenant
from tests.cast import LogIn
from tests.provisioning.databases.conftest import back_up

JSON = "application/json"


@pytest.fixture
def backup(pooled: Tenant) -> Backup:
    return back_up(pooled)


def post(browser: Client, address: str, **data: Any) -> Any:
    return browser.post(address, data, content_type=JSON)


def test_an_owner_backs_up_and_sees_it_go_on(
    pooled: Tenant, log_in: LogIn, owner_user: User
) -> None:
    browser, address = log_in(owner_user), f"/tenants/{pooled.public_id}/database/"
    assert "No backup yet" in browser.get(address).content.decode()
    answer = browser.post(address, {"action": "backup"}, follow=True)
    page = answer.content.decode()
    assert "The backup is on its way." in page
    assert "hx-trigger" in page
    assert Backup.objects.get().requested_by == owner_user.public_id
    part = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "Queued" in part
    assert address in browser.get(f"/tenants/{pooled.public_id}/").content.decode()


def test_a_restore_in_place_wants_the_name_typed_and_a_fresh_log_in(
    backup: Backup,
    log_in: LogIn,
    owner_user: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser = log_in(owner_user)
    address = f"/tenants/{backup.tenant.public_id}/database/restore/{backup.public_id}/"
    asked = browser.get(address)
    assert (asked.status_code, "reauthenticate" in asked["Location"]) == (302, True)
    monkeypatch.setattr(stepup, "recently_authenticated", lambda request: True)
    assert "everybody has to log in again" in browser.get(address).content.decode()
    wrong = browser.post(address, {"name": "other", "reason": "x"})
    assert (wrong.status_code, DatabaseJob.objects.count()) == (422, 1)
    right = {"name": backup.tenant.name, "reason": "somebody deleted it all"}
    assert browser.post(address, right).status_code == 302
    job = DatabaseJob.objects.get(kind="in_place")
    assert job.backup == backup
    entry = AuditEntry.objects.get(action="provisioning.restore_in_place")
    assert "somebody deleted it all" in entry.body


def test_a_copy_is_asked_for_with_one_button(
    backup: Backup, log_in: LogIn, owner_user: User
) -> None:
    address = f"/tenants/{backup.tenant.public_id}/database/"
    asked = {"action": "copy", "backup": backup.public_id}
    log_in(owner_user).post(address, asked)
    assert DatabaseJob.objects.filter(kind="copy", backup=backup).exists()


def test_a_teammate_looks_and_an_outsider_finds_nothing(
    backup: Backup, log_in: LogIn, teammate_user: User, outsider_user: User
) -> None:
    address = f"/tenants/{backup.tenant.public_id}/database/"
    teammate = log_in(teammate_user)
    page = teammate.get(address).content.decode()
    assert "Ready" in page
    assert "Back up now" not in page
    assert "In place" not in page
    told = teammate.post(address, {"action": "backup"}, follow=True)
    assert "permission" in told.content.decode()
    outsider = log_in(outsider_user)
    for verb in ("get", "post"):
        assert getattr(outsider, verb)(address).status_code == 404
    assert outsider.get("/api/backups").json()["results"] == []
    found = outsider.get(f"/api/backups/{backup.public_id}")
    assert found.status_code == 404
    copied = post(outsider, f"/api/backups/{backup.public_id}/copy")
    assert copied.status_code == 404
    assert Backup.objects.count() == 1


def test_what_is_no_action_or_no_backup_is_not_found(
    pooled: Tenant, log_in: LogIn, owner_user: User
) -> None:
    browser, address = log_in(owner_user), f"/tenants/{pooled.public_id}/database/"
    for asked in ({"action": "drop"}, {"action": "copy", "backup": "bak_1"}, {}):
        assert browser.post(address, asked).status_code == 404
    assert browser.get(f"{address}restore/nothing/").status_code == 404


def test_the_api_backs_up_restores_and_tells(
    backup: Backup, log_in: LogIn, owner_user: User, operator_user: User
) -> None:
    browser = log_in(owner_user)
    row = browser.get(f"/api/backups/{backup.public_id}").json()
    assert row["manifest"]["tables"]["storefront_customer"]["rows"] == 3
    assert "data_key" not in row
    made = post(browser, f"/api/tenants/{backup.tenant.public_id}/backups")
    assert made.json()["state"] == "queued"
    job = post(browser, f"/api/backups/{backup.public_id}/restore").json()
    told = browser.get(f"/api/database-jobs/{job['id']}").json()
    assert (told["kind"], told["state"]) == ("in_place", "queued")
    drilled = post(browser, f"/api/backups/{backup.public_id}/drill")
    assert drilled.status_code == 403  # operators try backups out
    operator = log_in(operator_user)
    assert post(operator, f"/api/backups/{backup.public_id}/drill").status_code == 200
    for name in ("databases", "database-copies", "database-jobs", "backups"):
        assert operator.get(f"/api/{name}").status_code == 200


@pytest.mark.parametrize("model", ["backup", "databasejob", "databasecopy", "database"])
def test_operators_have_pages_for_everything(
    backup: Backup, log_in: LogIn, operator_user: User, model: str
) -> None:
    browser = log_in(operator_user)
    assert browser.get(f"/operators/provisioning/{model}/").status_code == 200
    page = browser.get(f"/operators/tenants/tenant/{backup.tenant_id}/change/")
    assert "Request backup" in page.content.decode()

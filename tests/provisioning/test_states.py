"""States at the doors: what changed, who holds the lock, an older one once more."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from paybill_site.accounts.models import User
from paybill_site.kernel import planes
from paybill_site.kernel.actions import perform
from provisioning import state
from provisioning.actions import ClaimRun, EndRun
from provisioning.models import Deployment, Run, StateLock, StateOrigin, StateVersion
from provisioning.system import RUNNER
from tests.cast import LogIn
from tests.provisioning.conftest import queue


def held(serial: int, *names: str) -> bytes:
    """A state with a resource for each name; its password is sensitive."""
    marks = [[{"type": "get_attr", "value": "password"}]]
    resources = [
        {
            "mode": "managed",
            "type": "t",
            "name": name,
            "instances": [
                {
                    "attributes": {"size": serial, "password": f"hunter{serial}"},
                    "sensitive_attributes": marks,
                }
            ],
        }
        for name in names
    ]
    body = {"version": 4, "serial": serial, "lineage": "l", "resources": resources}
    return json.dumps(body).encode()


@pytest.fixture
def run(deployment: Deployment) -> Run:
    """A run that ended; its deployment has two versions of a state."""
    run = queue(deployment)
    claimed = perform(ClaimRun, run, {"holder": "here 1 1"}, actor=RUNNER).result
    ended = {"fence": claimed.fence, "state": "failed", "explanation": "no"}
    ended_run: Run = perform(EndRun, run, ended, actor=RUNNER).result
    with planes.atomic():
        state.keep(ended_run, held(1, "a", "old"), StateOrigin.SAVED)
        state.keep(ended_run, held(2, "a", "new"), StateOrigin.SAVED)
    return ended_run


@pytest.fixture
def browser(log_in: LogIn, operator_user: User) -> Client:
    return log_in(operator_user)


def newest() -> StateVersion:
    return StateVersion.objects.order_by("-serial")[0]


def test_a_page_shows_what_a_version_changed(run: Run, browser: Client) -> None:
    page = browser.get(f"/operators/provisioning/stateversion/{newest().pk}/change/")
    text = page.content.decode()
    assert "<code>t.old</code>" in text
    assert "<code>t.new</code>" in text
    assert "size: 1" in text
    assert "password: (sensitive)" in text
    assert "hunter" not in text
    assert "Rollback state" in text


def test_the_api_compares_two_versions(run: Run, browser: Client) -> None:
    rows = browser.get("/api/state-versions").json()["results"]
    assert [row["serial"] for row in rows] == [2, 1]
    assert "hunter" not in json.dumps(rows)
    address = f"/api/state-versions/{rows[0]['id']}/diff"
    shown = browser.get(address).json()
    assert (shown["added"], shown["removed"]) == (["t.new"], ["t.old"])
    assert browser.get(f"{address}?since={rows[0]['id']}").json()["changed"] == []
    assert browser.get(f"{address}?since=stv_none").status_code == 404
    assert "hunter" not in json.dumps(shown)


def test_customers_and_outsiders_compare_nothing(
    run: Run, log_in: LogIn, outsider_user: User
) -> None:
    for user in (outsider_user, User.objects.get(email="acme@example.com")):
        other = log_in(user)
        diff = f"/api/state-versions/{newest().public_id}/diff"
        assert other.get(diff).status_code == 404
        lock = f"/api/deployments/{run.deployment.public_id}/lock"
        assert other.get(lock).status_code == 404


def post(browser: Client, address: str, **data: Any) -> Any:
    return browser.post(address, json.dumps(data), content_type="application/json")


def test_the_api_puts_an_older_state_in_force(run: Run, browser: Client) -> None:
    older = StateVersion.objects.get(serial=1)
    done = post(browser, f"/api/state-versions/{older.public_id}/rollback")
    assert done.status_code == 200, done.content
    assert (newest().serial, newest().origin) == (3, "reverted")


def test_the_lock_is_shown_with_its_age_and_released(run: Run, browser: Client) -> None:
    address = f"/api/deployments/{run.deployment.public_id}/lock"
    assert browser.get(address).json()["held"] is False
    info = {"Operation": "OperationTypeApply", "Who": "me@here"}
    StateLock.objects.create(
        deployment=run.deployment, run=run, lock_id="l", info=info, fence=1
    )
    shown = browser.get(address).json()
    assert (shown["held"], shown["run"], shown["who"]) == (
        True,
        run.public_id,
        "me@here",
    )
    page = f"/operators/provisioning/deployment/{run.deployment_id}/change/"
    text = browser.get(page).content.decode()
    assert "me@here" in text
    assert "0 minutes" in text.replace("&nbsp;", " ").replace("\xa0", " ")
    assert post(browser, f"{address}/release").status_code == 200
    assert not StateLock.objects.exists()
    assert post(browser, f"{address}/release").status_code == 409


def test_force_is_asked_for_with_a_reason(run: Run, browser: Client) -> None:
    address = f"/api/runs/{run.public_id}/force-cancel"
    assert post(browser, address).status_code == 422
    refused = post(browser, address, why="it hangs")
    assert refused.status_code == 409
    assert "nobody works on it" in refused.json()["detail"]

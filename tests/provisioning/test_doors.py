"""Runs through the operators' pages and the API: who sees what, and how it grows."""

from __future__ import annotations

import pytest

from paybill_site.accounts.models import User
from provisioning.models import Deployment, Run
from provisioning.runner import logs
from provisioning.states import PhaseState, RunState
from tests.cast import LogIn
from tests.provisioning.conftest import queue


@pytest.fixture
def run(deployment: Deployment) -> Run:
    run = queue(deployment)
    Run.objects.update(state=RunState.APPLYING)
    run.phases.filter(name="apply").update(state=PhaseState.RUNNING)
    log = logs.LogWriter(run, "apply", secrets=("s3cr3t",))
    log.say("first line, password=hunter2")
    log.flush()
    log.say("second line with s3cr3t")
    log.flush()
    return run


def test_the_log_is_read_from_any_offset(run: Run) -> None:
    whole, end = logs.read(run, "apply", 0)
    assert whole == ("first line, password=[redacted]\nsecond line with [redacted]\n")
    assert end == len(whole)
    assert logs.read(run, "apply", 6) == (whole[6:], end)
    assert logs.read(run, "apply", end) == ("", end)
    assert logs.LogWriter(run, "apply").offset == end


def test_an_operator_follows_the_log(
    run: Run, log_in: LogIn, operator_user: User
) -> None:
    browser = log_in(operator_user)
    page = browser.get(f"/runs/{run.public_id}/").content.decode()
    assert "second line" in page
    assert "hx-trigger" in page
    part = browser.get(f"/runs/{run.public_id}/log/?phase=apply&offset=6")
    assert "<html" not in part.content.decode()
    assert "second line" in part.content.decode()
    Run.objects.update(state=RunState.APPLIED)
    final = browser.get(f"/runs/{run.public_id}/log/?phase=apply&offset=0")
    assert "hx-trigger" not in final.content.decode()


@pytest.mark.parametrize("query", ["", "?phase=other", "?phase=plan&offset=-1"])
def test_a_log_address_that_is_wrong_is_not_found(
    run: Run, log_in: LogIn, operator_user: User, query: str
) -> None:
    browser = log_in(operator_user)
    assert browser.get(f"/runs/{run.public_id}/log/{query}").status_code == 404


def test_customers_and_outsiders_do_not_see_the_log(
    run: Run, log_in: LogIn, outsider_user: User
) -> None:
    for user in (outsider_user, User.objects.get(email="acme@example.com")):
        browser = log_in(user)
        assert browser.get(f"/runs/{run.public_id}/").status_code == 404
        assert browser.get(f"/runs/{run.public_id}/log/?phase=plan").status_code == 404
        log = f"/api/runs/{run.public_id}/log?phase=plan"
        assert browser.get(log).status_code == 404


def test_the_api_lists_what_one_may_see(
    run: Run, log_in: LogIn, operator_user: User, outsider_user: User
) -> None:
    found = log_in(operator_user).get("/api/runs").json()["results"]
    assert [row["id"] for row in found] == [run.public_id]
    assert {p["name"]: p["state"] for p in found[0]["phases"]} == {
        "prepare": "pending",
        "plan": "pending",
        "check": "pending",
        "apply": "running",
        "finish": "pending",
    }
    assert log_in(outsider_user).get("/api/runs").json()["results"] == []
    one = log_in(outsider_user).get(f"/api/runs/{run.public_id}")
    assert one.status_code == 404


def test_the_api_cancels_and_says_why_not(
    run: Run, log_in: LogIn, operator_user: User
) -> None:
    browser = log_in(operator_user)
    address = f"/api/runs/{run.public_id}/cancel"
    answer = browser.post(address, "{}", content_type="application/json")
    assert answer.status_code == 200, answer.content
    run.refresh_from_db()
    assert run.cancel_requested_at is not None
    Run.objects.update(state=RunState.APPLIED)
    refused = browser.post(address, "{}", content_type="application/json")
    assert refused.status_code == 409
    assert "run is applied" in refused.json()["detail"]


@pytest.mark.parametrize("model", ["deployment", "run", "stateversion"])
def test_operators_have_pages_for_everything(
    run: Run, log_in: LogIn, operator_user: User, model: str
) -> None:
    browser = log_in(operator_user)
    page = browser.get(f"/operators/provisioning/{model}/")
    assert page.status_code == 200
    pk = {"deployment": run.deployment_id, "run": run.pk}.get(model)
    if pk:
        one = browser.get(f"/operators/provisioning/{model}/{pk}/change/")
        assert one.status_code == 200
        assert run.public_id in one.content.decode()

"""The inbox of a tenant's people: what waits, what would happen, yes and no."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from agents.models import Approval, WorkflowRun
from paybill_site.accounts.models import User
from paybill_site.kernel import outbox
from paybill_site.kernel.actors import Actor
from tests.agents.approvals.test_asking import copies, run
from tests.agents.listing import asked
from tests.agents.people import enter, person

__all__ = ["run"]


@pytest.fixture
def approval(clerk: Actor, run: WorkflowRun) -> Approval:
    return asked(clerk, run)


@pytest.fixture
def admin(approval: Approval) -> User:
    return person("admin")


@pytest.fixture
def browser() -> Client:
    return Client(SERVER_NAME="ta.localhost")


@pytest.fixture
def desk(browser: Client, admin: User) -> Client:
    """The browser of somebody who decides."""
    return enter(browser, admin)


def text(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())


def at(approval: Approval) -> str:
    return f"/approvals/{approval.public_id}/"


def test_the_inbox_says_what_waits_and_the_navigation_how_many(
    desk: Client, approval: Approval
) -> None:
    shown = text(desk.get("/approvals/"))
    for words in ("Copy", "Helper", "copies are dear", "waits for you", at(approval)):
        assert words in shown
    assert 'class="count">1<' in shown


def test_a_person_reads_what_would_happen(desk: Client, approval: Approval) -> None:
    shown = text(desk.get(at(approval)))
    for words in (
        "Product <strong>is made</strong>",
        "<ins>Dear chair</ins>",
        "product described",
        "<dd>Product Chair</dd>",
        "copies are dear",
        "storefront.listing",
    ):
        assert words in shown


def test_a_yes_in_the_inbox_is_done(desk: Client, approval: Approval) -> None:
    answer = desk.post(at(approval), {"verb": "approve"}, follow=True)
    assert "Approved. The agent does it now" in text(answer)
    outbox.drain()
    assert copies() == ["Dear chair"]
    assert "What has happened" in text(desk.get(at(approval)))


def test_a_no_needs_a_reason(desk: Client, approval: Approval) -> None:
    empty = desk.post(at(approval), {"verb": "refuse", "refuse-reason": ""})
    assert empty.status_code == 422
    words = {"verb": "refuse", "refuse-reason": "not this week"}
    assert "Refused" in text(desk.post(at(approval), words, follow=True))
    approval.refresh_from_db()
    assert (approval.state, approval.outcome) == ("refused", "not this week")


def test_a_yes_is_taken_back(desk: Client, approval: Approval) -> None:
    desk.post(at(approval), {"verb": "approve"})
    desk.post(at(approval), {"verb": "revoke"})
    approval.refresh_from_db()
    assert approval.state == "revoked"


def test_who_asked_sees_why_they_do_not_decide(
    desk: Client, approval: Approval, admin: User
) -> None:
    Approval.objects.filter(pk=approval.pk).update(behalf=admin.public_id)
    shown = text(desk.get(at(approval)))
    assert "whoever asked does not decide" in shown
    assert 'value="approve"' not in shown
    answer = desk.post(at(approval), {"verb": "approve"}, follow=True)
    assert "whoever asked does not decide" in text(answer)
    approval.refresh_from_db()
    assert approval.state == "waiting"


def test_what_can_not_be_undone_asks_who_one_is(
    desk: Client, approval: Approval
) -> None:
    Approval.objects.filter(pk=approval.pk).update(action="storefront.retire")
    answer = desk.post(at(approval), {"verb": "approve"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/entry/?")
    approval.refresh_from_db()
    assert approval.state == "waiting"


def test_members_without_the_right_and_strangers_find_nothing(
    browser: Client, approval: Approval
) -> None:
    assert browser.get("/approvals/")["Location"].startswith("/entry/?next=")
    member = enter(browser, person("member"))
    for address in ("/approvals/", at(approval)):
        assert member.get(address).status_code == 404
    assert member.post(at(approval), {"verb": "approve"}).status_code == 404
    assert "Approvals" not in text(member.get("/"))


def test_nonsense_is_not_found(desk: Client, approval: Approval) -> None:
    assert desk.get("/approvals/apr_nothing/").status_code == 404
    assert desk.post(at(approval), {"verb": "explode"}).status_code == 404


def test_pages_cost_the_same_however_much_waits(
    desk: Client,
    clerk: Actor,
    run: WorkflowRun,
    approval: Approval,
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(5):
        asked(clerk, run, f"Dear chair {number}")
    with django_assert_max_num_queries(16):
        desk.get("/approvals/")


def test_the_administration_lists_shows_and_decides(
    desk: Client, approval: Approval
) -> None:
    assert "Agents ask: approve or refuse" in text(desk.get("/admin/"))
    assert "copies are dear" in text(desk.get("/admin/agents/approval/"))
    page = f"/admin/agents/approval/{approval.pk}/change/"
    assert "<ins>Dear chair</ins>" in text(desk.get(page))
    press = {
        "CHANGE_FORM-action": "agents.approve_call",
        "_selected_action": str(approval.pk),
        "index": "0",
    }
    ask = text(desk.post(page, press))
    assert "<ins>Dear chair</ins>" in ask
    assert "waiting" not in ask.partition("What it would do")[2]
    desk.post(page, {**press, "confirm": "yes", "reason": "fine"})
    approval.refresh_from_db()
    assert (approval.state, approval.outcome) == ("approved", "fine")


def test_runs_are_told_in_the_administration(
    desk: Client, run: WorkflowRun, approval: Approval
) -> None:
    assert "storefront.listing" in text(desk.get("/admin/agents/workflowrun/"))
    page = f"/admin/agents/workflowrun/{run.pk}/change/"
    shown = text(desk.get(page))
    assert "describe" in shown
    assert "Cancel workflow run" in shown
    assert "Retry compensation" not in shown
    WorkflowRun.objects.filter(pk=run.pk).update(status="failed")
    assert "Retry compensation" in text(desk.get(page))
    assert "Runs that could not be undone" in text(desk.get("/admin/"))


def test_programs_of_people_decide_over_rest(desk: Client, approval: Approval) -> None:
    (row,) = desk.get("/api/approvals").json()["results"]
    assert (row["id"], row["state"]) == (approval.public_id, "waiting")
    detail = desk.get(f"/api/approvals/{approval.public_id}").json()
    (made,) = detail["effect"]["rows"]
    assert made["is_new"]
    assert {"field": "Name", "before": "", "after": "Dear chair"} in made["changes"]
    assert "sealed" not in detail
    (told,) = desk.get("/api/workflow-runs").json()["results"]
    assert told["steps"][0]["name"] == "describe"
    address = f"/api/approvals/{approval.public_id}/approve"
    done = desk.post(address, {}, content_type="application/json")
    assert (done.status_code, done.json()["state"]) == (200, "approved")

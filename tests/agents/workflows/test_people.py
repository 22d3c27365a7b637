"""People and their programs begin runs and take steps, as agents do and as they may."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from agents.models import WorkflowRun, WorkflowStep
from examples.storefront.models import Product
from paybill_site.accounts.models import User
from paybill_site.kernel.actors import Actor
from tests.agents.conftest import last_entry
from tests.agents.listing import describe, started
from tests.agents.people import enter, person
from tests.cast import browser

RUNS = "/api/workflow-runs"


@pytest.fixture
def admin(listing: Any, product: Product) -> Client:
    return enter(browser("ta.localhost"), person("admin"))


@pytest.fixture
def run(clerk: Actor, product: Product) -> WorkflowRun:
    """What an agent began."""
    return started(clerk, product)


def post(client: Client, path: str, body: dict[str, Any], **more: Any) -> Any:
    return client.post(path, body, "application/json", **more)


def steps(run: WorkflowRun) -> list[str]:
    run.refresh_from_db()
    return list(run.steps.values_list("name", flat=True))


def page_of(row: Any) -> str:
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


def test_a_run_is_begun_by_a_button_on_its_subject(
    admin: Client, product: Product
) -> None:
    assert "Start listing" in admin.get(page_of(product)).content.decode()
    pressed = {
        "CHANGE_FORM-action": "storefront.start_listing",
        "_selected_action": str(product.pk),
        "index": "0",
    }
    asked = admin.post(page_of(product), pressed).content.decode()
    assert "bring a product into the shop" in asked
    admin.post(page_of(product), {**pressed, "confirm": "1"})
    run = WorkflowRun.objects.get()
    assert (run.started_by, run.agent) == (
        User.objects.get(name="Admin").public_id,
        None,
    )
    assert product.public_id in run.subject


def test_a_person_goes_on_with_the_run_of_an_agent(
    admin: Client, run: WorkflowRun
) -> None:
    shown = admin.get(page_of(run)).content.decode()
    path = f"/admin/agents/workflow-runs/{run.public_id}/describe/"
    assert path in shown
    assert "/copy/" not in shown  # not yet
    assert "Give a product another description" in admin.get(path).content.decode()
    admin.post(path, {"text": "A good chair", "confirm": "1"})
    assert steps(run) == ["describe"]
    assert WorkflowStep.objects.get().by == User.objects.get(name="Admin").public_id
    assert (
        f"/admin/agents/workflow-runs/{run.public_id}/copy/"
        in admin.get(page_of(run)).content.decode()
    )


def test_the_guards_hold_for_people(admin: Client, run: WorkflowRun) -> None:
    path = f"/admin/agents/workflow-runs/{run.public_id}/describe/"
    said = admin.post(path, {"text": "ah", "confirm": "1"}, follow=True)
    assert "say a little more" in said.content.decode()
    assert steps(run) == []
    assert '"rule":"long"' in last_entry(outcome="denied").body
    for other in ("stamp", "copy", "nothing"):  # the system's, not yet, none
        gone = f"/admin/agents/workflow-runs/{run.public_id}/{other}/"
        assert admin.get(gone).status_code == 404


def test_who_may_not_take_it_is_offered_nothing(run: WorkflowRun, listing: Any) -> None:
    member = enter(browser("ta.localhost"), person("member"))
    path = f"/admin/agents/workflow-runs/{run.public_id}/describe/"
    assert member.get(path).status_code in {302, 404}
    answer = post(member, f"{RUNS}/{run.public_id}/steps", {"step": "describe"})
    assert answer.status_code in {403, 404}
    assert steps(run) == []


def test_a_program_begins_a_run_and_takes_a_step_once(
    admin: Client, product: Product
) -> None:
    wanted = {"workflow": "storefront.listing", "subject": product.public_id}
    tried = post(admin, f"{RUNS}?dry_run=true", wanted)
    assert (tried.status_code, WorkflowRun.objects.count()) == (200, 0)
    begun = [
        post(admin, RUNS, wanted, headers={"Idempotency-Key": "b"}).json()
        for _ in range(2)
    ]
    assert begun[0] == begun[1]
    assert begun[0]["state"] == "new"
    run = WorkflowRun.objects.get(public_id=begun[0]["id"])
    step = {"step": "describe", "data": {"text": "A good chair"}}
    for _ in range(2):
        path = f"{RUNS}/{run.public_id}/steps"
        answer = post(admin, path, step, headers={"Idempotency-Key": "s"})
        assert answer.status_code == 200, answer.content
    assert steps(run) == ["describe"]
    again = post(admin, RUNS, wanted)
    assert (again.status_code, again.json()["rule"]) == (409, "open_run")


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ({"step": "nothing"}, 404),
        ({"step": "stamp"}, 409),
        ({"step": "describe", "data": {"text": "ah"}}, 409),
        ({"step": "describe", "data": {"text": 5}}, 422),
        ({"step": "describe", "target": "prd_" + "0" * 26}, 404),
        ({"step": "describe", "more": 1}, 422),
        ({}, 422),
    ],
)
def test_a_step_that_is_not_to_be_taken_is_refused(
    admin: Client, run: WorkflowRun, step: dict[str, Any], status: int
) -> None:
    answer = post(admin, f"{RUNS}/{run.public_id}/steps", step)
    assert answer.status_code == status, answer.content
    assert steps(run) == []


def test_what_is_no_workflow_or_no_run_is_not_there(
    admin: Client, product: Product, clerk: Actor
) -> None:
    body = {"workflow": "storefront.nothing", "subject": product.public_id}
    assert post(admin, RUNS, body).status_code == 404
    body = {"workflow": "storefront.listing", "subject": "prd_" + "0" * 26}
    assert post(admin, RUNS, body).status_code == 404
    nobody = f"{RUNS}/wfr_{'0' * 26}/steps"
    assert post(admin, nobody, {"step": "describe"}).status_code == 404
    run = started(clerk, product)
    describe(clerk, run)
    stranger = browser("ta.localhost")
    assert post(stranger, f"{RUNS}/{run.public_id}/steps", {}).status_code == 401


def test_pages_lead_to_who_can_touch_it_for_whoever_may_see_that(
    admin: Client, product: Product
) -> None:
    link = f"/admin/agents/touching/?object={product.public_id}"
    assert link in admin.get(page_of(product)).content.decode()
    assert (
        f"/admin/agents/workflowrun/?q={product.public_id}"
        in admin.get(page_of(product)).content.decode()
    )
    member = person("member")
    User.objects.filter(pk=member.pk).update(is_staff=True)
    seen = enter(browser("ta.localhost"), member).get(page_of(product))
    assert link not in seen.content.decode()

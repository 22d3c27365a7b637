"""Rules, policies and judged runs in the operators' admin."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from provisioning.actions import AddPolicy
from provisioning.models import RegoPolicy, RunRules
from tests.cast import LogIn
from tests.provisioning.gates.conftest import Wait
from tests.provisioning.gates.fragments import plan, resource
from tests.provisioning.gates.test_rego import CASES, NO_GP2

ADMIN = "/operators/provisioning"


@pytest.fixture
def browser(log_in: LogIn, operator_user: User) -> Client:
    return log_in(operator_user)


def test_a_run_tells_what_the_gates_say(wait: Wait, browser: Client) -> None:
    gone = resource("aws_db_instance.main", None, {"instance_class": "db.t4g.small"})
    run = wait(shown=plan(gone))
    shown = browser.get(f"{ADMIN}/run/{run.pk}/change/").content.decode()
    assert "aws_db_instance.main: this data store is destroyed" in shown
    assert "Asks a person" in shown
    assert "list prices" in shown
    assert f"/runs/{run.public_id}/" in shown


def test_the_rules_are_one_row_with_one_verb(browser: Client, rules: RunRules) -> None:
    shown = browser.get(f"{ADMIN}/runrules/{rules.pk}/change/").content.decode()
    assert "Change run rules" in shown


def test_a_policy_is_added_by_its_form(browser: Client) -> None:
    form = {
        "confirm": "yes",
        "name": "no-gp2",
        "text": NO_GP2,
        "cases": json.dumps(CASES),
        "because": "slow",
    }
    refused = browser.post(
        f"{ADMIN}/regopolicy/add/", {**form, "text": "package paybill"}, follow=True
    )
    assert "does not define findings" in refused.content.decode()
    browser.post(f"{ADMIN}/regopolicy/add/", form)
    assert RegoPolicy.objects.get().name == "no-gp2"


def test_a_policy_shows_its_text_and_whether_it_is_asked(
    browser: Client, operator: Actor
) -> None:
    asked = {"name": "no-gp2", "text": NO_GP2, "cases": CASES}
    policy = perform(AddPolicy, None, asked, actor=operator).result
    shown = browser.get(f"{ADMIN}/regopolicy/{policy.pk}/change/").content.decode()
    assert "slow storage" in shown
    assert "Enable policy" in shown
    assert "Disabled" in browser.get(f"{ADMIN}/regopolicy/").content.decode()


def test_the_same_by_the_api(browser: Client, rules: RunRules) -> None:
    def post(path: str, data: object) -> int:
        sent = json.dumps(data)
        kind = "application/json"
        return browser.post(f"/api/{path}", sent, content_type=kind).status_code

    asked = {"name": "no-gp2", "text": NO_GP2, "cases": CASES}
    assert post("policies", {**asked, "text": "package paybill"}) == 422
    assert post("policies", asked) == 201
    (policy,) = browser.get("/api/policies").json()["results"]
    assert post(f"policies/{policy['id']}/enable", {}) == 200
    assert RegoPolicy.objects.get().enabled
    changed = {"four_eyes": "delayed", "approval_hours": 12}
    assert post(f"run-rules/{rules.public_id}/change", changed) == 200
    (told,) = browser.get("/api/run-rules").json()["results"]
    assert (told["four_eyes"], told["approval_hours"]) == ("delayed", 12)
    assert post(f"run-rules/{rules.public_id}/change", {"four_eyes": "off"}) == 422

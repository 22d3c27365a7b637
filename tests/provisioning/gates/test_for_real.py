"""The gates between real plans of Terraform and their applies."""

from __future__ import annotations

from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from provisioning import expiry
from provisioning.actions import AddPolicy, DiscardRun, EnablePolicy
from provisioning.models import Deployment, PlanFile, Run
from provisioning.runner.work import work
from provisioning.states import PhaseState, RunState
from tenants.models import Entitlement
from tests.cast import LogIn
from tests.provisioning.conftest import OPERATOR, Hcl, Slow, confirm, queue
from tests.provisioning.gates.fragments import plan, resource

NO_WAITING = """
package paybill

import rego.v1

findings contains {"address": row.address, "level": level, "says": "it waits"} if {
    some row in input.plan.resource_changes
    row.type == "terraform_data"
    row.change.actions == ["create"]
    level := {"bridge": "LEVEL"}[input.run.kind]
}
"""
CASE = {
    "name": "waits",
    "plan": plan(resource("terraform_data.wait", {"input": 1})),
    "run": {"kind": "bridge"},
}


def policy(operator: Actor, level: str) -> None:
    """An operators' policy that finds every resource that waits."""
    found = [{"address": "terraform_data.wait", "level": level}]
    asked = {
        "name": "no-waiting",
        "text": NO_WAITING.replace("LEVEL", level),
        "cases": [{**CASE, "findings": found}],
    }
    made = perform(AddPolicy, None, asked, actor=operator).result
    perform(EnablePolicy, made, actor=operator)


def worked(run: Run) -> Run:
    """The run after a runner had it."""
    work(run.public_id)
    return Run.objects.get(pk=run.pk)


def test_what_no_policy_minds_is_applied_without_anybody(
    web: str, slow: Slow, unfilled: None, deployment: Deployment
) -> None:
    slow(0)
    run = worked(queue(deployment))
    assert run.state == RunState.APPLIED, run.explanation
    assert {entry["level"] for entry in run.policies} == {"pass"}
    assert [entry["kind"] for entry in run.shown.resources] == ["create"] * 3
    assert run.cost["after"] == 0
    assert not run.reasons


def test_a_refused_plan_fails_and_its_page_says_by_which_policy(
    web: str,
    slow: Slow,
    deployment: Deployment,
    operator: Actor,
    operator_user: User,
    log_in: LogIn,
) -> None:
    slow(0)
    policy(operator, "refuse")
    run = worked(queue(deployment))
    assert run.state == RunState.FAILED
    assert "terraform_data.wait[0]: it waits" in run.explanation
    assert not PlanFile.objects.exists()
    check = run.phases.get(name="check")
    assert check.state == PhaseState.FAILED
    shown = log_in(operator_user).get(f"/runs/{run.public_id}/").content.decode()
    assert "no-waiting" in shown
    assert "refuses" in shown


def test_a_policy_that_asks_a_person_gets_one(
    web: str, slow: Slow, unfilled: None, deployment: Deployment, operator: Actor
) -> None:
    slow(0)
    policy(operator, "approve")
    run = worked(queue(deployment))
    assert run.state == RunState.WAITING
    assert run.reasons[0] == "terraform_data.wait[0]: it waits"
    confirm(run)
    assert worked(run).state == RunState.APPLIED


def test_what_changed_after_the_approval_is_not_applied(
    web: str, slow: Slow, deployment: Deployment
) -> None:
    slow(0)
    run = worked(queue(deployment, needs_confirmation=True))
    confirm(run)
    Entitlement.objects.filter(tenant=deployment.tenant).update(size="medium")
    run = worked(run)
    assert run.state == RunState.FAILED
    assert "entitled to changed after it was planned" in run.explanation
    assert run.phases.get(name="apply").started_at is None


def test_the_sweep_is_faster_than_the_runner(
    web: str, slow: Slow, deployment: Deployment
) -> None:
    slow(0)
    run = worked(queue(deployment, needs_confirmation=True))
    confirm(run)
    Entitlement.objects.filter(tenant=deployment.tenant).update(size="medium")
    assert expiry.withdraw() == 1
    assert worked(run).state == RunState.DISCARDED


WORD = "the-secret-word"
SECRET = f"""
variable "word" {{
  default   = "{WORD}"
  sensitive = true
}}
resource "terraform_data" "keeps" {{
  input = {{ word = var.word, open = "the-open-word" }}
}}
output "secret_reference" {{
  value = "unit:none"
}}
"""


def test_a_real_secret_stays_out_of_rows_and_page(
    web: str,
    hcl: Hcl,
    deployment: Deployment,
    operator_user: User,
    log_in: LogIn,
) -> None:
    hcl(SECRET)
    run = worked(queue(deployment, needs_confirmation=True))
    assert run.state == RunState.WAITING, run.explanation
    shown = log_in(operator_user).get(f"/runs/{run.public_id}/").content.decode()
    assert "the-open-word" in shown
    assert "(sensitive)" in shown
    for text in (shown, str(run.shown.resources), str(run.policies), str(run.changes)):
        assert WORD not in text
    perform(DiscardRun, run, actor=OPERATOR)

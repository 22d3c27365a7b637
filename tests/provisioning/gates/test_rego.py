"""Operators' own policies: proved by their cases, bounded, never a silent yes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict, IllegalMove, Invalid, NotFound
from provisioning import gates
from provisioning.actions import AddPolicy, ChangePolicy, DisablePolicy, EnablePolicy
from provisioning.errors import PolicyRefused
from provisioning.gates import rego
from provisioning.models import RegoPolicy
from tests.provisioning.gates.conftest import Wait
from tests.provisioning.gates.fragments import plan, resource

NO_GP2 = """
package paybill

import rego.v1

findings contains {"address": row.address, "level": "refuse", "says": says} if {
    some row in input.plan.resource_changes
    row.change.after.storage_type == "gp2"
    says := sprintf("%v is slow storage", [row.change.after.storage_type])
}
"""
SLOW = plan(resource("aws_db_instance.main", {"storage_type": "gp2"}))
FAST = plan(resource("aws_db_instance.main", {"storage_type": "gp3"}))
CASES: list[dict[str, Any]] = [
    {
        "name": "slow",
        "plan": SLOW,
        "findings": [{"address": "aws_db_instance.main", "level": "refuse"}],
    },
    {"name": "fast", "plan": FAST, "findings": []},
]


def add(actor: Actor, text: str = NO_GP2, cases: Any = None, **more: Any) -> RegoPolicy:
    asked = {"name": "no-gp2", "text": text, "cases": cases or CASES, **more}
    policy: RegoPolicy = perform(AddPolicy, None, asked, actor=actor).result
    return policy


def findings(body: str) -> str:
    """A policy with one rule for findings."""
    return f"package paybill\nimport rego.v1\nfindings contains f if {{ {body} }}"


def test_a_policy_that_passes_its_cases_is_kept_and_not_yet_asked(
    operator: Actor, wait: Wait
) -> None:
    policy = add(operator)
    assert not policy.enabled
    judged = gates.judge(wait(), SLOW)
    assert "no-gp2" not in [entry["policy"] for entry in judged.policies]


def test_an_enabled_policy_judges_every_plan(operator: Actor, wait: Wait) -> None:
    run = wait()
    perform(EnablePolicy, add(operator), actor=operator)
    verdict = gates.judge(run, SLOW)
    assert "aws_db_instance.main: gp2 is slow storage" in verdict.refused
    fine = gates.judge(run, FAST)
    assert [e["level"] for e in fine.policies if e["policy"] == "no-gp2"] == ["pass"]


def test_a_policy_that_fails_its_own_case_is_refused(operator: Actor) -> None:
    wrong = [{**CASES[0], "plan": FAST}, CASES[1]]
    with pytest.raises(PolicyRefused, match="case slow: it does not find refuse aws"):
        add(operator, cases=wrong)
    surplus = [CASES[0], {**CASES[1], "plan": SLOW}]
    with pytest.raises(PolicyRefused, match=r"case fast: it finds .* not expected"):
        add(operator, cases=surplus)
    assert not RegoPolicy.objects.exists()


def test_what_it_says_is_compared_where_a_case_names_it(operator: Actor) -> None:
    expected = {"address": "aws_db_instance.main", "level": "refuse", "says": "other"}
    with pytest.raises(PolicyRefused, match="does not find"):
        add(operator, cases=[{**CASES[0], "findings": [expected]}])


def test_a_policy_without_a_case_that_finds_something_is_refused(
    operator: Actor,
) -> None:
    with pytest.raises(PolicyRefused, match="at least one case"):
        add(operator, cases=[CASES[1]])
    with pytest.raises(Invalid):
        add(operator, cases=[{"name": "x"}])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("package paybill\nfindings {", "line 2: this is unclosed"),
        ("package paybill\nfindings := 1", "does not define findings"),
        ("package other\nx := 1", "does not define findings"),
        (findings('f := {"address": "a"}'), "level: Field required"),
        (findings('f := {"level": "shout", "says": "x"}'), "level"),
        (findings("f := time.now_ns()"), "not the same twice"),
    ],
)
def test_a_policy_that_is_wrong_says_where(
    operator: Actor, text: str, words: str
) -> None:
    with pytest.raises(PolicyRefused, match=words):
        add(operator, text=text)


ENDLESS = findings(
    "some a in numbers.range(1, 4000); some b in numbers.range(1, 4000);"
    ' a * b == -1; f := {"level": "note", "says": "x"}'
)
GREEDY = findings(
    'x := [sprintf("%0999d", [n]) | some n in numbers.range(1, 900000)];'
    ' count(x) > 0; f := {"level": "note", "says": "x"}'
)


@pytest.mark.parametrize("text", [ENDLESS, GREEDY])
def test_a_policy_that_takes_too_much_is_stopped(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rego, "SECONDS", 2.0)
    with pytest.raises(PolicyRefused, match=r"more time or memory|takes longer"):
        rego.evaluate(text, [{}])


def test_a_policy_that_can_not_be_asked_refuses_the_plan(
    operator: Actor, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = wait()
    policy = perform(EnablePolicy, add(operator), actor=operator).result
    RegoPolicy.objects.filter(pk=policy.pk).update(text="package paybill\nfindings {")
    (refused,) = gates.judge(run, FAST).refused
    assert refused.startswith("the policy could not be asked")


def test_a_policy_has_no_way_out() -> None:
    environment = findings("f := opa.runtime()")
    with pytest.raises(PolicyRefused, match="not the same twice"):
        rego.evaluate(environment, [{}])
    request = findings(
        'r := http.send({"method": "get", "url": "http://127.0.0.1"});'
        ' f := {"level": "note", "says": "it got out"}'
    )
    with pytest.raises(PolicyRefused, match="is not there"):
        rego.evaluate(request, [{}])


def test_a_policy_never_sees_what_is_sensitive() -> None:
    change = resource(
        "aws_db_instance.main",
        {"password": "hunter2", "name": "x"},
        sensitive={"password": True},
        unknown={"endpoint": True},
    )
    (row,) = rego.masked(plan(change))["resource_changes"]
    assert row["change"]["after"] == {
        "endpoint": "(known after apply)",
        "name": "x",
        "password": "(sensitive)",
    }
    assert "hunter2" not in str(row)


def test_a_changed_policy_has_to_pass_too(operator: Actor) -> None:
    policy = add(operator)
    changed = {"text": NO_GP2.replace("gp2", "gp1"), "cases": CASES}
    with pytest.raises(PolicyRefused, match="does not find"):
        perform(ChangePolicy, policy, changed, actor=operator)
    policy.refresh_from_db()
    assert policy.text == NO_GP2.strip()


def test_enabling_tries_the_cases_once_more(operator: Actor) -> None:
    policy = add(operator)
    RegoPolicy.objects.update(text="package paybill\nimport rego.v1\nfindings := set()")
    with pytest.raises(PolicyRefused):
        perform(EnablePolicy, policy, actor=operator)


def test_a_policy_is_switched_once(operator: Actor) -> None:
    policy = add(operator)
    with pytest.raises(IllegalMove, match="disabled already"):
        perform(DisablePolicy, policy, actor=operator)
    perform(EnablePolicy, policy, actor=operator)
    assert not perform(DisablePolicy, policy, actor=operator).result.enabled


def test_a_name_is_given_once(operator: Actor) -> None:
    add(operator)
    with pytest.raises((Conflict, IntegrityError), match="no-gp2 already"):
        add(operator)


def test_a_customer_has_no_say_in_policies(operator: Actor, owner: Actor) -> None:
    policy = add(operator)
    for action in (EnablePolicy, DisablePolicy):
        with pytest.raises(NotFound):
            perform(action, policy, actor=owner)

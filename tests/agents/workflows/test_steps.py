"""A run is taken step by step, each in its place, by whom it is for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.actions.workflows import CancelWorkflowRun
from agents.dispatch import call
from agents.models import WorkflowRun, WorkflowStep
from agents.states import RunStatus
from examples.storefront.models import Product
from paybill_site.kernel import actions, outbox, workflows
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor, system
from paybill_site.kernel.errors import NotFound, PaybillError
from tests.agents.conftest import Enter, last_entry
from tests.agents.listing import (
    CHANGE,
    READ,
    Copy,
    Describe,
    Listing,
    Stamp,
    describe,
    person,
    started,
    take,
)


def refused(work: Any) -> str:
    """The rule of a refusal; nothing may have changed meanwhile."""
    before = traces()
    with pytest.raises(PaybillError) as caught:
        work()
    assert traces() == before
    return str(caught.value.members.get("rule", caught.value.code))


def traces() -> tuple[Any, ...]:
    return (
        list(Product.objects.values_list("pk", "name", "description", "active")),
        list(WorkflowRun.objects.values_list("pk", "state", "status", "taken")),
        WorkflowStep.objects.count(),
    )


def test_a_step_and_its_effect_are_one(clerk: Actor, product: Product) -> None:
    run = started(clerk, product)
    assert (run.state, run.status, run.started_by) == ("new", "active", clerk.id)
    answer = describe(clerk, run)
    product.refresh_from_db()
    run.refresh_from_db()
    assert product.description == "A good chair"
    assert (run.state, run.taken) == ("described", 1)
    assert run.data == {"describe": answer.result}
    (step,) = run.steps.all()
    assert (step.name, step.old, step.new, step.by) == (
        "describe",
        "new",
        "described",
        clerk.id,
    )
    assert step.target == f"storefront.product:{product.public_id}"


def test_the_record_names_run_version_and_rules(clerk: Actor, product: Product) -> None:
    run = started(clerk, product)
    describe(clerk, run)
    entry = last_entry(action="storefront.describe")
    for said in (run.public_id, run.version, '"rules":["other","long"]'):
        assert said in entry.body


def test_a_repeat_under_the_same_key_takes_no_second_step(
    clerk: Actor, product: Product
) -> None:
    run = started(clerk, product)
    first, again = describe(clerk, run), describe(clerk, run)
    assert (again.result, again.repeated) == (first.result, True)
    assert run.steps.count() == 1


def test_a_dry_run_takes_no_step(clerk: Actor, product: Product) -> None:
    run = started(clerk, product)
    before = traces()
    shown = take(clerk, "describe", run, text="A good chair", dry_run=True)
    assert [c["field"] for c in shown.result["changes"]] == ["description"]
    assert traces() == before


def test_an_agent_does_nothing_bound_outside_a_run(
    clerk: Actor, product: Product
) -> None:
    def free() -> None:
        perform(Describe, product, {"text": "so"}, actor=clerk)

    assert refused(free) == "workflow"


def test_each_rule_has_its_code(clerk: Actor, product: Product, other: Product) -> None:
    run = started(clerk, product)

    def step(action: Any, target: Any, data: Any, actor: Actor = clerk) -> Any:
        return lambda: perform(
            action, target, data, actor=actor, run=run.public_id, key="x"
        )

    assert refused(step(Describe, other, {"text": "long enough"})) == "subject"
    assert refused(lambda: take(clerk, "copy", run, name="Two")) == "workflow_state"
    assert refused(lambda: describe(clerk, run, "A chair")) == "other"
    assert refused(lambda: describe(clerk, run, "x")) == "long"
    # Two rules are broken: the first declared one is told, each time.
    Product.objects.filter(pk=product.pk).update(description="x")
    assert {refused(lambda: describe(clerk, run, "x")) for _ in range(3)} == {"other"}


def test_a_step_is_for_whom_it_says(clerk: Actor, product: Product) -> None:
    run = started(clerk, product)
    WorkflowRun.objects.filter(pk=run.pk).update(state="copied")

    def stamp(actor: Actor) -> Any:
        return lambda: perform(Stamp, product, None, actor=actor, run=run.public_id)

    assert refused(stamp(clerk)) == "step_by"
    someone = person("pia", READ, CHANGE, "agents.view_workflowrun")
    assert refused(stamp(someone)) == "step_by"
    assert refused(lambda: perform(Stamp, product, None, actor=someone)) == "step_by"


def test_people_do_what_is_bound_at_their_own_doors(
    keeper: Actor, product: Product
) -> None:
    perform(Describe, product, {"text": "x"}, actor=keeper)
    product.refresh_from_db()
    assert product.description == "x"


def test_a_person_goes_on_with_an_agents_run(
    clerk: Actor, keeper: Actor, product: Product
) -> None:
    run = started(clerk, product)
    perform(Describe, product, {"text": "a stool"}, actor=keeper, run=run.public_id)
    assert run.steps.get().by == keeper.id


def test_what_a_person_does_is_the_step_that_a_run_waits_for(
    clerk: Actor, keeper: Actor, product: Product
) -> None:
    run = started(clerk, product)
    perform(Describe, product, {"text": "a stool"}, actor=keeper)
    run.refresh_from_db()
    assert (run.state, run.steps.get().by) == ("described", keeper.id)


def test_a_run_that_waits_for_something_else_is_left_as_it_is(
    clerk: Actor, keeper: Actor, product: Product, other: Product
) -> None:
    run = started(clerk, product)
    perform(Copy, product, {"name": "Two"}, actor=keeper)
    perform(Describe, other, {"text": "a desk"}, actor=keeper)
    late = timezone.now() - timedelta(seconds=1)
    WorkflowRun.objects.filter(pk=run.pk).update(deadline_at=late)
    perform(Describe, product, {"text": "a stool"}, actor=keeper)
    assert (run.steps.count(), Product.objects.filter(name="Two").count()) == (0, 1)


def test_another_agents_run_is_not_found(
    clerk: Actor, product: Product, rival: Actor
) -> None:
    run = started(clerk, product)
    for name in (run.public_id, "wfr_00000000000000000000000000", "nothing"):

        def step(name: str = name) -> None:
            perform(Describe, product, {"text": "mine"}, actor=rival, run=name)

        with pytest.raises(NotFound, match="no such run"):
            step()
    arguments = {"run": run.public_id, "text": "mine now"}
    with pytest.raises(PaybillError):
        call(rival, "describe", arguments, key="k")
    assert run.steps.count() == 0


def test_a_run_on_behalf_of_one_person_is_not_another_ones(
    clerk: Actor, product: Product
) -> None:
    ann, ben = (person(name, READ, CHANGE) for name in ("ann", "ben"))
    run = started(replace(clerk, behalf=ann), product)
    assert run.behalf == ann.id
    with pytest.raises(NotFound):
        perform(
            Describe,
            product,
            {"text": "for ben"},
            actor=replace(clerk, behalf=ben),
            run=run.public_id,
        )
    visible = WorkflowRun.objects.visible_to
    assert not visible(clerk).exists()
    assert visible(replace(clerk, behalf=ann)).get() == run


def test_one_run_is_open_at_a_time(clerk: Actor, product: Product) -> None:
    run = started(clerk, product)
    assert refused(lambda: started(clerk, product, key="again")) == "open_run"
    perform(CancelWorkflowRun, run, None, actor=clerk)
    started(clerk, product, key="later")


def test_no_run_begins_where_its_guards_say_no(clerk: Actor, product: Product) -> None:
    Product.objects.filter(pk=product.pk).update(active=False)
    assert refused(lambda: started(clerk, product)) == "active"


@pytest.mark.parametrize(
    "status", [s for s in RunStatus if s not in {"active", "waiting"}]
)
def test_a_run_that_ended_takes_no_step(
    status: RunStatus, clerk: Actor, product: Product
) -> None:
    run = started(clerk, product)
    WorkflowRun.objects.filter(pk=run.pk).update(status=status)
    assert refused(lambda: describe(clerk, run)) == "workflow_state"


def test_a_run_of_an_older_declaration_takes_no_step(
    clerk: Actor, product: Product
) -> None:
    run = started(clerk, product)
    WorkflowRun.objects.filter(pk=run.pk).update(version="0" * 64)
    assert refused(lambda: describe(clerk, run)) == "version"
    WorkflowRun.objects.filter(pk=run.pk).update(workflow="storefront.gone")
    assert refused(lambda: describe(clerk, run)) == "version"


def test_a_run_over_its_time_takes_no_step(clerk: Actor, product: Product) -> None:
    run = started(clerk, product)
    assert run.deadline_at is not None
    late = timezone.now() - timedelta(seconds=1)
    WorkflowRun.objects.filter(pk=run.pk).update(deadline_at=late)
    assert refused(lambda: describe(clerk, run)) == "deadline"


def test_what_the_system_does_it_does_by_itself_and_once(
    clerk: Actor, product: Product
) -> None:
    run = started(clerk, product)
    describe(clerk, run)
    take(clerk, "copy", run, name="Two")
    outbox.drain()
    run.refresh_from_db()
    product.refresh_from_db()
    assert (run.state, run.taken) == ("seen", 3)
    assert product.description == "A good chair (seen)"
    assert run.steps.get(seq=3).by == "system:workflows"


def test_a_version_is_the_digest_of_the_declaration(listing: Any) -> None:
    class Other(workflows.Workflow):
        """Another one."""

        model = Product
        states = Listing.states
        steps = Listing.steps

    try:
        assert Other.version() != Listing.version()
        assert Listing.version() == Listing.version()
    finally:
        workflows.registry.pop(Other.name)
        actions.registry.pop(Other.start.name)
        for names in workflows.bound.values():
            names.discard(Other.name)


def test_an_agent_sees_its_own_runs_without_a_grant(
    clerk: Actor, product: Product, enter: Enter
) -> None:
    run = started(clerk, product)
    describe(clerk, run)
    found = call(clerk, "get_workflow_run", {"id": run.public_id}).result
    assert (found["state"], found["status"]) == ("described", "active")
    assert [s["name"] for s in found["steps"]] == ["describe"]
    listed = call(clerk, "list_workflow_runs", {}).result["rows"]
    assert [row["id"] for row in listed] == [run.public_id]


def test_a_system_needs_its_permission_too(product: Product, listing: Any) -> None:
    with pytest.raises(PaybillError):
        perform(Describe, product, {"text": "so"}, actor=system("tests", READ))

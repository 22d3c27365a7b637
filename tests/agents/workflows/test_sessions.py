"""One agent serves many customers, each in a session: none meets the others' runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from agents.actions import OpenSession
from agents.auth import actor_of
from agents.dispatch import call
from agents.models import Agent, Approval, WorkflowRun
from examples.storefront.models import Product
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.errors import PaybillError
from tests.agents.listing import CHANGE, READ, asked, describe, started, take

type Talk = Callable[[str], Actor]


@pytest.fixture
def talk(clerk: Actor, helper: Agent, keeper: Actor) -> Talk:
    """The agent as it comes in for a conversation with a customer."""

    def begin(customer: str) -> Actor:
        data = {"scopes": [READ, CHANGE], "session": {"customer": customer}}
        opened = perform(OpenSession, helper, data, actor=keeper).result
        return actor_of(opened.secret)[0]

    return begin


def found(actor: Actor, tool: str) -> list[str]:
    return [row["id"] for row in call(actor, tool, {}).result["rows"]]


def refused(actor: Actor, tool: str, public_id: str, *, key: str = "") -> str:
    """The refusal's code, which is that of an id that nobody ever had."""
    codes = []
    kind = public_id[:4]
    for name in (public_id, kind + "0" * (len(public_id) - len(kind))):
        with pytest.raises(PaybillError) as caught:
            call(actor, tool, {"id": name}, key=key and key + name[-4:])
        codes.append((caught.value.code, caught.value.detail))
    assert codes[0] == codes[1]
    return codes[0][0]


def test_another_session_does_not_meet_a_run(talk: Talk, product: Product) -> None:
    first, second = talk("cus_a"), talk("cus_b")
    run = started(first, product)
    assert found(first, "list_workflow_runs") == [run.public_id]
    assert found(second, "list_workflow_runs") == []
    assert refused(second, "get_workflow_run", run.public_id) == "not_found"
    cancelled = refused(second, "cancel_workflow_run", run.public_id, key="c")
    assert cancelled == "not_found"
    with pytest.raises(PaybillError) as step:
        describe(second, run)
    assert step.value.code == "not_found"
    run.refresh_from_db()
    assert (run.status, run.taken) == ("active", 0)


def test_another_session_does_not_meet_an_approval(
    talk: Talk, product: Product
) -> None:
    first, second = talk("cus_a"), talk("cus_b")
    run = started(first, product)
    describe(first, run)
    approval = asked(first, run)
    assert found(first, "list_approvals") == [approval.public_id]
    assert found(second, "list_approvals") == []
    assert refused(second, "get_approval", approval.public_id) == "not_found"
    gone = refused(second, "withdraw_approval", approval.public_id, key="w")
    assert gone == "not_found"
    approval.refresh_from_db()
    assert approval.state == "waiting"


def test_two_sessions_may_use_the_same_key(talk: Talk, product: Product) -> None:
    """Assistants count their keys: neither is told of the other one's."""
    other = Product.objects.create(name="Bench", description="A bench")
    asked_by = []
    for customer, about in (("cus_a", product), ("cus_b", other)):
        actor = replace(talk(customer), grants=frozenset({READ, CHANGE}))
        run = started(actor, about)
        describe(actor, run)
        take(actor, "copy", run, key="1", name="Dear chair")
        asked_by.append(actor.standing)
    rows = Approval.objects.order_by("pk").values_list("standing", flat=True)
    assert list(rows) == asked_by
    assert len(set(asked_by)) == 2


def test_the_next_conversation_with_the_same_customer_goes_on(
    talk: Talk, product: Product
) -> None:
    run = started(talk("cus_a"), product)
    describe(talk("cus_a"), run)
    assert WorkflowRun.objects.get().taken == 1


def test_a_token_without_a_session_is_one_of_its_own(
    talk: Talk, clerk: Actor, product: Product
) -> None:
    run = started(talk("cus_a"), product)
    assert found(clerk, "list_workflow_runs") == []
    person = Actor(kind=Kind.PERSON, id="usr_1", grants=clerk.grants)
    for other in (clerk, replace(clerk, behalf=person)):
        assert not WorkflowRun.objects.visible_to(other).filter(pk=run.pk).exists()

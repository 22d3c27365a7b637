"""What a person was shown is kept for a month; what they agreed to stays known."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from agents.models import Approval, WorkflowRun
from agents.states import ApprovalState
from paybill_site.kernel import outbox, retention
from paybill_site.kernel.actors import Actor
from tests.agents.approvals.test_asking import looked, run, say_yes
from tests.agents.listing import asked, take
from tests.agents.people import enter, person
from tests.cast import browser

__all__ = ["run"]


@pytest.fixture
def used(clerk: Actor, keeper: Actor, run: WorkflowRun) -> Approval:
    """An approval that was given and used."""
    approval = asked(clerk, run)
    say_yes(approval, keeper)
    outbox.drain()
    approval.refresh_from_db()
    assert approval.state == ApprovalState.USED
    return approval


def aged(approval: Approval, days: float) -> Approval:
    """The approval, so many days after its end, when what is settled was forgotten."""
    then = timezone.now() - timedelta(days=days)
    Approval.objects.filter(pk=approval.pk).update(expires_at=then)
    retention.forget()
    approval.refresh_from_db()
    return approval


def test_what_was_shown_goes_and_its_digest_stays(
    used: Approval, clerk: Actor, run: WorkflowRun
) -> None:
    digest, told = used.digest, looked(clerk, used)
    assert aged(used, 29).shown != {}
    assert aged(used, 31).shown == {}
    assert used.digest == digest
    assert looked(clerk, used) | {"expires_at": ""} == told | {"expires_at": ""}
    again = take(clerk, "copy", run, key="copy-Dear-chair", name="Dear chair")
    assert again.result == told["result"]
    assert retention.forget() == 0


def test_the_page_says_that_it_is_gone(used: Approval) -> None:
    admin: Client = enter(browser("ta.localhost"), person("admin"))
    path = f"/approvals/{used.public_id}/"
    assert "is made" in admin.get(path).content.decode()
    aged(used, 31)
    said = admin.get(path).content.decode()
    assert "kept for a month" in said
    assert "No row changes" not in said


def test_what_is_open_keeps_what_is_to_be_agreed_to(
    clerk: Actor, run: WorkflowRun
) -> None:
    approval = asked(clerk, run)
    for state in (ApprovalState.WAITING, ApprovalState.APPROVED):
        Approval.objects.update(state=state)
        assert aged(approval, 31).shown != {}

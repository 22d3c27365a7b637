"""The page of a run: one place to see what it would do, and to decide."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.account.internal.userkit import user_id_to_str
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from paybill_site.accounts.models import User
from paybill_site.accounts.sessions import cookie_name
from paybill_site.kernel.actors import Actor
from provisioning import gates
from provisioning.checks import Check, told
from provisioning.models import Approval, CloudAccount, Deployment, Run, RunRules
from provisioning.runner import logs
from provisioning.states import FourEyes, PhaseState, RunState
from tests.cast import LogIn
from tests.provisioning.gates.conftest import SHOWN, Wait
from tests.provisioning.gates.fragments import plan, resource

DATABASE = "aws_db_instance.main"
REPLACED = resource(
    DATABASE,
    {"engine_version": "17.1", "password": "new-secret", "name": "x"},
    {"engine_version": "16.3", "password": "old-secret", "name": "x"},
    actions=["delete", "create"],
    replace_paths=[["engine_version"]],
    action_reason="replace_because_cannot_update",
    sensitive={"password": True},
    was_sensitive={"password": True},
    unknown={"endpoint": True},
)
CREATED = resource("aws_a_bucket.first", {"bucket": "pb-1"})


@pytest.fixture
def browser(log_in: LogIn, operator_user: User) -> Client:
    return log_in(operator_user)


def page(browser: Client, run: Run) -> str:
    return browser.get(f"/runs/{run.public_id}/").content.decode()


def decide(browser: Client, run: Run, verb: str, **sent: str) -> Any:
    return browser.post(f"/runs/{run.public_id}/{verb}/", sent, follow=True)


def test_the_plan_is_shown_with_what_is_destroyed_first(
    wait: Wait, browser: Client
) -> None:
    shown = page(browser, wait(shown=plan(CREATED, REPLACED)))
    assert shown.index(DATABASE) < shown.index("aws_a_bucket.first")
    assert "because the cloud can not change this in place" in shown
    assert "<del>16.3</del>" in shown
    assert "<ins>17.1</ins>" in shown
    assert "Forces the replacement" in shown
    assert "(known after apply)" in shown


def test_nothing_sensitive_gets_to_the_page_or_its_row(
    wait: Wait, browser: Client
) -> None:
    run = wait(shown=plan(REPLACED))
    for text in (page(browser, run), str(run.shown.resources), str(run.policies)):
        assert "new-secret" not in text
        assert "old-secret" not in text


def test_a_plan_is_compared_with_the_one_before(wait: Wait, browser: Client) -> None:
    first = wait(shown=plan(CREATED, REPLACED))
    assert "the plan before" not in page(browser, first)
    decide(browser, first, "discard")
    second = wait(shown=plan(CREATED, REPLACED))
    assert "The same as the plan before" in page(browser, second)
    decide(browser, second, "discard")
    other = resource("aws_a_bucket.second", {"bucket": "pb-2"})
    shown = page(browser, wait(shown=plan(CREATED, other)))
    assert "Differs from the plan before" in shown
    assert f'href="/runs/{second.public_id}/"' in shown
    assert "Only now: <code>aws_a_bucket.second</code>" in shown
    assert f"Only before: <code>{DATABASE}</code>" in shown


def test_both_digests_findings_and_what_has_no_price_are_shown(
    wait: Wait, browser: Client
) -> None:
    shown = page(browser, wait(shown=plan(REPLACED)))
    for digest in SHOWN.values():
        assert f'title="SHA-256 {digest}"' in shown
    assert "this data store is replaced by an empty one" in shown
    assert "without a price" in shown
    assert "expires" in shown


def test_a_check_that_failed_does_not_look_like_one_that_passed(
    wait: Wait, browser: Client
) -> None:
    run = wait()
    run.checks = told(
        [Check("database", True, "entered"), Check("report", False, "no answer")]
    )
    run.save(update_fields=["checks"])
    text = " ".join(strip_tags(page(browser, run)).split())
    assert "Passed database: entered" in text, text[text.find("Checks after") :][:200]
    assert "Failed report: no answer" in text


def test_an_operator_approves_on_the_page(wait: Wait, browser: Client) -> None:
    run = wait()
    assert "Approve and apply" in page(browser, run)
    answer = decide(browser, run, "approve", **SHOWN, because="looked at it")
    assert "The plan is approved" in answer.content.decode()
    run.refresh_from_db()
    assert run.state == RunState.CONFIRMED
    assert "Approval" in page(browser, run)


def test_who_asked_sees_why_somebody_else_is_needed(
    wait: Wait, browser: Client, operator: Actor
) -> None:
    run = wait(by=operator)
    shown = page(browser, run)
    assert "somebody else has to approve it" in shown
    assert 'type="submit" disabled' in shown
    answer = decide(browser, run, "approve", **SHOWN)
    assert "somebody else has to approve it" in answer.content.decode()
    assert not Approval.objects.exists()


def test_who_may_alone_is_sent_to_show_the_second_factor(
    wait: Wait, browser: Client, operator: Actor, rules: RunRules
) -> None:
    RunRules.objects.update(four_eyes=FourEyes.DELAYED, self_approval_minutes=0)
    shown = page(browser, wait(by=operator))
    assert "show your second factor again" in shown
    assert "/accounts/2fa/reauthenticate/?next=/runs/" in shown


def test_a_second_factor_shown_in_this_session_counts(
    wait: Wait, browser: Client, operator: Actor, rules: RunRules, operator_user: User
) -> None:
    RunRules.objects.update(four_eyes=FourEyes.DELAYED, self_approval_minutes=0)
    run = wait(by=operator)
    session = SessionStore(browser.cookies[cookie_name()].value)

    def show(method: str, ago: float) -> None:
        record = {"method": method, "at": time.time() - ago}
        session["account_authentication_methods"] = [record]
        user = user_id_to_str(operator_user)
        session["account_authentication_methods_user"] = user
        session.save()

    for method, ago in (("password", 5), ("mfa", 601)):
        show(method, ago)
        assert "show your second factor again" in page(browser, run)
    show("mfa", 5)
    assert "fresh second factor" in page(browser, run)
    decide(browser, run, "approve", **SHOWN)
    assert Approval.objects.get().rule == "delayed"


def test_digests_that_were_not_shown_are_refused(wait: Wait, browser: Client) -> None:
    run = wait()
    other = {**SHOWN, "plan_digest": "c3" * 32}
    answer = decide(browser, run, "approve", **other)
    assert "not the plan that waits" in answer.content.decode()
    assert "does not fit" in decide(browser, run, "approve").content.decode()


def test_discard_cancel_retry_and_comment(wait: Wait, browser: Client) -> None:
    run = wait()
    decide(browser, run, "comment", text="Not <b>today</b>.")
    assert "Not &lt;b&gt;today&lt;/b&gt;." in page(browser, run)
    decide(browser, run, "discard")
    run.refresh_from_db()
    assert run.state == RunState.DISCARDED
    answer = decide(browser, run, "retry")
    again = Run.objects.exclude(pk=run.pk).get()
    assert answer.redirect_chain[-1][0] == f"/runs/{again.public_id}/"
    decide(browser, again, "cancel")
    again.refresh_from_db()
    assert again.state == RunState.CANCELED


def test_a_button_pressed_twice_acts_once(wait: Wait, browser: Client) -> None:
    run = wait()
    once = {"text": "once", "once": "key_01jq0000000000000000000000"}
    for _ in range(2):
        decide(browser, run, "comment", **once)
    assert run.comments.count() == 1


def test_verbs_are_posted_and_known(wait: Wait, browser: Client) -> None:
    run = wait()
    assert browser.get(f"/runs/{run.public_id}/approve/").status_code == 405
    assert browser.post(f"/runs/{run.public_id}/destroy/").status_code == 404


def test_others_find_neither_page_nor_buttons_nor_plan(
    wait: Wait, log_in: LogIn, outsider_user: User
) -> None:
    run = wait()
    for user in (outsider_user, User.objects.get(email="acme@example.com")):
        browser = log_in(user)
        assert browser.get(f"/runs/{run.public_id}/live/").status_code == 404
        assert browser.post(f"/runs/{run.public_id}/approve/").status_code == 404
        assert browser.get(f"/api/runs/{run.public_id}/plan").status_code == 404


def test_what_moves_is_polled_and_brings_along_what_is_new(
    wait: Wait, browser: Client
) -> None:
    run = wait()
    run.phases.filter(name="apply").update(state=PhaseState.RUNNING)
    Run.objects.update(state=RunState.APPLYING, progress={"done": 2, "total": 5})
    log = logs.LogWriter(run, "apply")
    log.say("Creating...")
    log.flush()
    address = f"/runs/{run.public_id}/live/"
    same = browser.get(f"{address}?seen=applying&logs=apply").content.decode()
    assert '<progress max="5" value="2"' in same
    assert "every 2s" in same
    assert 'id="decision"' not in same
    assert "Creating..." not in same
    other = browser.get(f"{address}?seen=waiting&logs=").content.decode()
    assert 'id="decision" class="stack" hx-swap-oob="outerMorph"' in other
    assert 'hx-swap-oob="beforeend:#logs"' in other
    assert "Creating..." in other
    Run.objects.update(state=RunState.FAILED)
    final = browser.get(f"{address}?seen=applying&logs=apply").content.decode()
    assert "hx-get" not in final.split('id="decision"')[0]


def test_a_simulated_cloud_is_said_on_the_page(
    wait: Wait, browser: Client, deployment: Deployment
) -> None:
    run = wait()
    assert "Simulated, data on this machine" not in page(browser, run)
    account = CloudAccount.objects.create(name="here", cloud="aws", simulation=True)
    Deployment.objects.update(account=account)
    assert "Simulated, data on this machine" in page(browser, run)


def test_the_page_asks_the_same_questions_however_much_there_is(
    wait: Wait, browser: Client
) -> None:
    run = wait()

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            page(browser, run)
        return len(asked)

    count()  # fills the caches of the first time
    few = count()
    many = [resource(f"aws_vpc.n{n}", {"cidr_block": "x"}) for n in range(40)]
    gates.keep(run, gates.judge(run, plan(*many)))
    for number in range(10):
        run.comments.create(author="x", text=str(number))
    assert count() == few


def test_the_api_tells_operators_the_same(wait: Wait, browser: Client) -> None:
    run = wait(shown=plan(REPLACED))
    told = browser.get(f"/api/runs/{run.public_id}/plan").json()
    assert told["resources"][0]["kind"] == "replace"
    assert told["policies"][0]["findings"][0]["level"] == "approve"
    assert told["stale"] == ""
    assert told["approval"] is None
    answer = browser.post(
        f"/api/runs/{run.public_id}/confirm", SHOWN, content_type="application/json"
    )
    assert answer.status_code == 200
    told = browser.get(f"/api/runs/{run.public_id}/plan").json()
    assert told["approval"]["rule"] == "one for the system"

"""An agent's page says what it did: how often, what was denied and why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from guardian.shortcuts import assign_perm

from agents.dispatch import call
from agents.evidence import activity, cost
from agents.models import Agent
from examples.storefront.models import Product
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from tests.agents.conftest import last_entry
from tests.agents.listing import CHANGE, describe, started
from tests.agents.people import enter, person


@pytest.fixture
def busy(clerk: Actor, product: Product) -> Actor:
    """The agent read, acted, tried, and was refused twice."""
    run = started(clerk, product)
    call(clerk, "list_products", {"limit": 7})
    describe(clerk, run)
    call(clerk, "describe", {"run": run.public_id, "text": "Else"}, dry_run=True)
    for _ in range(2):
        with pytest.raises(PaybillError):
            call(clerk, "describe", {"run": run.public_id, "text": "x"}, key="no")
    return clerk


def test_figures_are_those_of_the_trail(busy: Actor) -> None:
    found = activity.of_agent(busy.id, 7)
    assert (found.calls, found.denied, found.rehearsed) == (6, 2, 1)
    assert found.by_rule == {"long": 2}
    assert found.by_tool["describe"] == 4
    assert (found.rows_read, found.rows_changed) == (7, 1)
    assert found.by_day[timezone.now().date()] == [4, 2]


def test_what_calls_cost_is_counted_by_day(busy: Actor) -> None:
    today = timezone.now().date()
    before = cost.spent(busy.id, [today])
    assert before > timedelta()
    assert cost.spent(busy.id, [today - timedelta(days=1)]) == timedelta()
    with pytest.raises(PaybillError):
        call(busy, "nothing", {})
    assert cost.spent(busy.id, [today]) > before


def test_days_begin_at_midnight_and_end_today(busy: Actor) -> None:
    later = timezone.now() + timedelta(days=2)
    assert activity.of_agent(busy.id, 1, later).calls == 0
    assert activity.of_agent(busy.id, 3, later).calls == 6
    assert len(activity.of_agent(busy.id, 30).by_day) == 30


def test_a_record_says_what_the_permission_rested_on(
    clerk: Actor, product: Product, helper: Agent
) -> None:
    role = Group.objects.create(name="writers")
    helper.principal.groups.add(role)
    assign_perm(CHANGE, role, product)
    describe(clerk, started(clerk, product))
    entry = last_entry(action="storefront.describe", outcome="done")
    assert f'"basis":{{"{CHANGE}":["role","row"]' in entry.body


def test_the_page_shows_them(busy: Actor, helper: Agent, client: Client) -> None:
    browser = enter(client, person("owner"))
    page = browser.get(
        f"/admin/agents/activity/{helper.public_id}/", headers={"host": "ta.localhost"}
    )
    shown = page.content.decode()
    assert page.status_code == 200
    assert "Denials by reason" in shown
    assert "<code>long</code>" in shown
    assert "Rows changed" in shown


def test_an_agent_that_did_nothing_has_an_empty_page(
    helper: Agent, client: Client
) -> None:
    browser = enter(client, person("owner"))
    page = browser.get(
        f"/admin/agents/activity/{helper.public_id}/", headers={"host": "ta.localhost"}
    )
    assert "Nothing yet" in page.content.decode()


def test_members_who_do_not_run_agents_find_no_page(
    helper: Agent, client: Client
) -> None:
    browser = enter(client, person("member"))
    page = browser.get(
        f"/admin/agents/activity/{helper.public_id}/", headers={"host": "ta.localhost"}
    )
    assert page.status_code in {302, 404}


def test_the_page_costs_the_same_for_a_busy_agent(
    busy: Actor, helper: Agent, client: Client, django_assert_max_num_queries: object
) -> None:
    browser = enter(client, person("owner"))
    address = f"/admin/agents/activity/{helper.public_id}/"
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    browser.get(address, headers={"host": "ta.localhost"})  # what is kept is kept
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as counted:
            browser.get(address, headers={"host": "ta.localhost"})
        counts.append(len(counted))
        for _ in range(20):
            call(busy, "list_products", {})
    assert counts[0] == counts[1]

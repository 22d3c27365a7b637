"""A recorded run is decided again, on the rows as they were, and changes nothing."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone
from psycopg import sql

from agents.actions import RevokeAccess, StopAgent
from agents.evidence.deciding import decide
from agents.models import Agent, AgentToken, Binding, Limit, RecordedCall, WorkflowRun
from examples.storefront.models import Product
from paybill_site.kernel import planes, retention
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.models import AuditEntry, IdempotencyKey, OutboxEvent
from paybill_site.kernel.planes import Place
from tests.agents.listing import CHANGE, describe, started, take
from tests.services import superuser


def database() -> str:
    return str(connections["default"].settings_dict["NAME"])


pytestmark = pytest.mark.usefixtures("committed")


def traces() -> tuple[Any, ...]:
    return (
        list(Product.objects.order_by("pk").values()),
        list(WorkflowRun.objects.order_by("pk").values()),
        RecordedCall.objects.count(),
        AuditEntry.objects.count(),
        OutboxEvent.objects.count(),
        IdempotencyKey.objects.count(),
    )


@pytest.fixture
def run(clerk: Actor, product: Product) -> WorkflowRun:
    """Begun, refused once, described, described anew, and copied."""
    made = started(clerk, product)
    with pytest.raises(PaybillError):
        describe(clerk, made, "x")
    describe(clerk, made, "A good chair")
    describe(clerk, made, "A better chair")
    take(clerk, "copy", made, name="Chair two")
    return made


def replayed(run: WorkflowRun, *options: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("replay", "run", run.public_id, "--json", *options, stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def test_every_verdict_and_every_row_is_the_same(run: WorkflowRun) -> None:
    before = traces()
    told = replayed(run)
    assert traces() == before
    assert told["same"] is True
    assert [
        (one["action"], one["then"]["outcome"], one["then"]["rule"])
        for one in told["calls"]
    ] == [
        ("storefront.start_listing", "done", ""),
        ("storefront.describe", "denied", "long"),
        ("storefront.describe", "done", ""),
        ("storefront.describe", "done", ""),
        ("storefront.copy", "done", ""),
    ]
    (change,) = told["calls"][2]["now"]["changes"]
    assert (change["before"], change["after"]) == ("A chair", "A good chair")
    assert {c["row"] for c in told["calls"][4]["now"]["changes"]} == {"[new product 1]"}


def test_what_people_changed_since_does_not_count(
    run: WorkflowRun, product: Product
) -> None:
    Product.objects.filter(pk=product.pk).update(active=False, description="gone")
    assert replayed(run)["same"] is True


def test_a_row_that_was_deleted_since_is_there_again(
    run: WorkflowRun, product: Product
) -> None:
    Product.objects.filter(name="Chair two").delete()
    Product.objects.create(name="Chair three")
    assert replayed(run)["same"] is True


def test_grants_that_were_taken_back_held_at_the_time(
    run: WorkflowRun, product: Product, helper: Agent, keeper: Actor
) -> None:
    rows = {"permission": CHANGE, "objects": [product.public_id]}
    perform(RevokeAccess, helper, rows, actor=keeper)
    assert replayed(run)["same"] is True
    today = replayed(run, "--with", "current-rules")
    assert today["same"] is False
    assert {one["now"]["rule"] for one in today["calls"]} == {"permission"}


def test_an_agent_that_was_stopped_acted_at_the_time(
    run: WorkflowRun, helper: Agent, keeper: Actor
) -> None:
    perform(StopAgent, helper, actor=keeper)
    assert replayed(run)["same"] is True


def test_todays_rules_may_decide_otherwise(
    run: WorkflowRun, helper: Agent, product: Product
) -> None:
    Limit.objects.create(
        agent=helper, tool="copy", measure="calls", most=0, made_by="test"
    )
    Binding.objects.create(
        agent=helper, tool="describe", argument="text", kind="listed",
        value=["A good chair"], made_by="test",
    )  # fmt: skip
    assert replayed(run)["same"] is True
    today = replayed(run, "--with", "current-rules")
    assert [one["now"]["rule"] for one in today["calls"]] == [
        "", "binding:text", "", "binding:text", "limit:calls"
    ]  # fmt: skip


def test_a_run_of_long_ago_is_decided_with_the_token_of_the_time(
    run: WorkflowRun, helper: Agent
) -> None:
    AgentToken.objects.update(
        expires_at=timezone.now() - timedelta(hours=1), revoked_at=timezone.now()
    )
    shift_into_the_past(timedelta(days=3))
    assert replayed(run)["same"] is True


def shift_into_the_past(by: timedelta) -> None:
    """As if all of it had happened earlier; the times in rows and notes too."""
    for record in RecordedCall.objects.all():
        record.at -= by
        record.save(update_fields=["at"])
    place = planes.here()
    columns = ("placed_at", "created_at")
    with psycopg.connect(superuser(database()), autocommit=True) as connection:
        table = sql.Identifier(place.schema, "kernel_rowchange")
        connection.execute(sql.SQL("UPDATE {} SET at = at - %s").format(table), [by])
        for column in columns:
            for side in ("before", "after"):
                connection.execute(
                    sql.SQL(
                        "UPDATE {t} SET {s} = jsonb_set({s}, {path}, to_jsonb("
                        "({s}->>{c})::timestamptz - {by})) WHERE {s} ? {c}"
                        " AND {s}->>{c} IS NOT NULL"
                    ).format(
                        t=table, s=sql.Identifier(side), c=sql.Literal(column),
                        path=sql.Literal([column]), by=sql.Literal(by),
                    )
                )  # fmt: skip


def test_an_effect_that_is_other_than_recorded_is_found(
    run: WorkflowRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.agents import listing  # noqa: PLC0415 - what its verb does is replaced

    monkeypatch.setattr(listing, "_describe", lambda product, text: None)
    record = RecordedCall.objects.filter(outcome="done")[1]
    decided = decide(record)
    assert not decided.same
    assert decided.then.lines and not decided.now.lines  # noqa: PT018 - one thought


def test_the_report_for_people_names_what_differs(
    run: WorkflowRun, helper: Agent
) -> None:
    out = io.StringIO()
    call_command("replay", "run", run.public_id, stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[-1] == "5 calls decided again by the rules of the time: 5 the same"
    assert all(line.startswith("same") for line in lines[:-1])


def test_what_is_not_on_record_is_said(in_a: Place) -> None:
    with pytest.raises(CommandError, match="is on record"):
        call_command("replay", "run", "wfr_00000000000000000000000000")


def test_arguments_are_kept_sealed(run: WorkflowRun, in_a: Place) -> None:

    with planes.cursor() as cursor:
        cursor.execute("SELECT data::text FROM agents_recordedcall")
        stored = "".join(text for (text,) in cursor.fetchall())
    assert "better" not in stored


def test_calls_are_forgotten_with_the_history_of_rows(run: WorkflowRun) -> None:
    assert retention.forget(timedelta(days=29)) == 0
    old = timezone.now() - timedelta(days=31)
    RecordedCall.objects.update(at=old)
    retention.forget()
    assert not RecordedCall.objects.exists()

"""Keeps each decided call of an agent whole, beside its audit entry.

A call stands with its place in the history of rows: ``mark`` is the newest note that it
could see and ``snapshot`` tells which transactions were over for it, because a note has
its number before it is committed. What a later replay needs beyond it (grants, rules,
runs, limits) is a row like any other, and in that history too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.postgres.functions import TransactionNow
from django.db.models.expressions import RawSQL
from pydantic import BaseModel

from agents import models
from agents.mcp import agreeing
from agents.models import RecordedCall
from paybill_site.accounts.models import User
from paybill_site.kernel import calls, history, planes, retention
from paybill_site.kernel.actors import Kind
from paybill_site.kernel.calls import Call

# The rows that decide, besides the product's own and the grants on them.
history.remember(
    models.Agent,
    models.Approval,
    models.Binding,
    models.EgressEntry,
    models.Limit,
    models.LimitUse,
    models.Rule,
    models.Switch,
    models.TouchedObject,
    models.WorkflowRun,
    models.WorkflowStep,
    User.groups.through,
    User.user_permissions.through,
    Group.permissions.through,
)

# Where a call stands is read by the statement that stores it.
MARK = RawSQL("SELECT coalesce(max(id), 0) FROM kernel_rowchange", ())
SNAPSHOT = RawSQL("pg_current_snapshot()::text", ())
TX = RawSQL("pg_current_xact_id_if_assigned()::text::bigint", ())


@calls.witness
def keep(call: Call, outcome: str, facts: Mapping[str, Any]) -> None:
    """Store an agent's call in the transaction of its audit entry."""
    if call.actor.kind is not Kind.AGENT or outcome == "rehearsed":
        return
    if facts.get("rule") == agreeing.RULE:  # what the user had seen is kept nowhere
        return
    if not history.tracked(planes.here().schema):
        return
    RecordedCall.objects.create(
        run=call.run or _begun(call, facts),
        agent=call.actor.id,
        token=call.actor.via.partition(" ")[0].removeprefix("token:")[:40],
        action=call.action.name,
        target=call.target_name().rpartition(":")[2],
        data=_text(call.data),
        key=call.key,
        approval=call.approval,
        outcome=outcome,
        rule=str(facts.get("rule", ""))[:80],
        mark=MARK,
        snapshot=SNAPSHOT,
        tx=TX if outcome == "done" else None,
        at=TransactionNow(),
    )


@retention.forgetting
def forget(before: datetime, batch: int) -> int:
    """Calls go with the history of rows, without which they can not be decided."""
    old = RecordedCall.objects.filter(at__lt=before).order_by("pk")[:batch]
    rows = RecordedCall.objects.filter(pk__in=list(old.values_list("pk", flat=True)))
    return rows.delete()[0]


def _begun(call: Call, facts: Mapping[str, Any]) -> str:
    """The run that this very call began."""
    made = str(dict(facts.get("output") or {}).get("id", ""))
    return made if made.startswith("wfr_") else ""


def _text(data: Any) -> str:
    if isinstance(data, BaseModel):
        return data.model_dump_json()
    return json.dumps(data, default=str)

"""A recorded call is decided again, on the rows as they were, and compared.

Everything happens in a sandbox: the rows that were changed since are put back for this
transaction alone, the clock of the decision is set to the moment of the call, and the
call goes through the same dispatch. ``current_rules`` leaves rules, grants, limits and
bindings as they are today; what workflows say is always today's code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest import mock

from django.contrib.auth.models import Group
from django.utils import timezone

from agents import auth, dispatch, models
from agents.evidence import comparing, rewinding
from agents.evidence.comparing import Line
from agents.limits import bindings
from agents.models import RecordedCall
from agents.states import AgentState
from agents.tools.catalogue import tools_here
from paybill_site.accounts.models import User
from paybill_site.kernel import history, planes
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.models import IdempotencyKey
from paybill_site.kernel.sandboxes import sandbox

ALLOWED = "done"
REFUSED = "denied"
# Today's in place of those of the time, where somebody asks for that.
RULES = frozenset(
    model._meta.db_table
    for model in (
        models.Agent,
        models.Binding,
        models.EgressEntry,
        models.Limit,
        models.Rule,
        models.Switch,
        User.groups.through,
        User.user_permissions.through,
        Group.permissions.through,
    )
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided, by which rule, and what became of the product's rows."""

    outcome: str
    rule: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """A recorded call, its verdict at the time, and the one that it gets now."""

    call: RecordedCall
    then: Verdict
    now: Verdict

    @property
    def same(self) -> bool:
        return self.then == self.now


def decide(call: RecordedCall, *, current_rules: bool = False) -> Decided:
    """Decide a call of the entered plane again. Changes nothing."""
    rows = comparing.of_tx(call.tx, call.at) if call.tx else []
    then = Verdict(call.outcome, call.rule, tuple(comparing.lines(rows, (call.at,))))
    with sandbox():
        rewinding.rewind(call, leave=_today() if current_rules else frozenset())
        _follow(call.agent)
        # The key was used by the very call that is made again.
        keys = IdempotencyKey.objects.filter(principal__startswith=call.agent)
        keys.filter(key=call.key).delete()
        _let_in(call, as_then=not current_rules)
        mark = rewinding.newest()
        with mock.patch.object(timezone, "now", return_value=call.at):
            outcome, rule = _again(call)
        rows = comparing.since(mark)
        # What the database stamps bears its own time, which nobody turns back.
        moments = (call.at, rewinding.clock())
        now = Verdict(outcome, rule, tuple(comparing.lines(rows, moments)))
    return Decided(call, then, now)


def _follow(agent: str) -> None:
    """Let the principal go with its agent: people's rows are in no history."""
    row = models.Agent.objects.get(public_id=agent)
    alive = row.state == AgentState.ACTIVE
    User.objects.filter(pk=row.principal_id).update(is_active=alive)


def _let_in(call: RecordedCall, *, as_then: bool) -> None:
    """Whoever came in at the time comes in now: tokens are short, and in no history.

    By today's rules only the token's own time does not count.
    """
    tokens = models.AgentToken.objects.filter(public_id=call.token)
    later = timezone.now() + timedelta(days=1)
    tokens.update(expires_at=later)
    if not as_then:
        return
    tokens.update(revoked_at=None)
    behind = models.Delegation.objects.filter(tokens__in=tokens)
    behind.update(expires_at=later, revoked_at=None)
    # A rule that held at the time has not run out, by whatever clock it is asked.
    models.Rule.objects.filter(expires_at__gt=call.at).update(expires_at=None)


def _today() -> frozenset[str]:
    known = history.remembered(planes.here().schema)
    grants = known.keys() & history.tables_of_grants().keys()
    return RULES | grants


def _again(call: RecordedCall) -> tuple[str, str]:
    try:
        actor = auth.recalled(call.token)
        tool = call.action.rpartition(".")[2]
        # What a binding decided the caller did not say, and may not.
        decided = bindings.fixed(bindings.of(actor).get(tool, ()))
        given = {k: v for k, v in _arguments(call).items() if k not in decided}
        answer = dispatch.call(actor, tool, given, key=call.key, approval=call.approval)
    except PaybillError as refusal:
        return REFUSED, str(refusal.members.get("rule", refusal.code))
    if answer.approval:
        return REFUSED, "approval"
    return ALLOWED, ""


def _arguments(call: RecordedCall) -> dict[str, Any]:
    """As the tool takes them: the action's input, and what names its row."""
    name = call.action.rpartition(".")[2]
    tool = tools_here().get(name)
    taken = tool.arguments.model_fields if tool else {}
    given: dict[str, Any] = json.loads(call.data)
    if "run" in taken and "run" not in given:
        given["run"] = call.run
    if "id" in taken and "id" not in given:
        given["id"] = call.target
    return given

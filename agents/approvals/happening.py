"""What a call does, as a plan: read in its transaction, between the effect and the end.

A gate keeps what it finds; after the effect a closing makes the plan of what has become
of it. Both do the same in a rehearsal, so two plans of one call can be compared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from agents.approvals import plans
from agents.workflows.stepping import step_of
from paybill_site.kernel import rehearsals
from paybill_site.kernel.actions import Call
from paybill_site.kernel.acts import Act
from paybill_site.kernel.schemas import snapshot


@dataclass(frozen=True, slots=True)
class Found:
    """Target and run of a call as its gate found them."""

    target: str
    place: tuple[str, ...]
    version: str
    before: dict[str, Any]


def found(call: Call) -> Found:
    """What the call is about to act on; asked by a gate."""
    apart = call.target is None
    return Found(
        target="" if apart else call.target_name(),
        place=plans.place_of(step_of(call)),
        version=plans.version_of(call.target),
        before={} if apart else snapshot(call.target),
    )


def plan(call: Call, act: Act, result: Any, found: Found) -> plans.Plan:
    """What the call has done; asked by a closing."""
    changed = rehearsals.changes(act.rows, call.target, found.before, result)
    events = [{"name": e.name, **e.model_dump(mode="json")} for e in act.events]
    return plans.Plan(
        who=plans.who(call.actor),
        action=call.action.name,
        arguments=arguments_of(call),
        target=found.target,
        version=found.version,
        step=found.place,
        at=timezone.now(),
        changes=tuple(json.loads(json.dumps(changed, default=str))),
        events=plans.events_of(events),
    )


def arguments_of(call: Call) -> str:
    """The parsed input as text that does not depend on how it was written."""
    return json.dumps(call.data.model_dump(mode="json"), sort_keys=True)


def other(shown: Mapping[str, Any], digest: str, now: plans.Plan) -> str:
    """Why it is other than what was shown, and has this digest; "" when it is not."""
    settled = plans.in_terms_of(shown, now)
    if settled.digest() == digest:
        return ""
    return plans.difference(shown, settled) or "something is other than shown"

"""How each operation of the API succeeds on the furnished rows, for somebody.

An action that fits one state only finds its row in that state (``arranged``); what it
needs beside its row stands in ``BODIES``.
"""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import Permission
from django.core.exceptions import ObjectDoesNotExist

from agents.models import Agent, AgentToken
from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.crypto import token_digest
from paybill_site.kernel.planes import CONTROL, plane
from tests.database import TENANT_A
from tests.flows.arranged import arrange
from tests.flows.bodies import BODIES, rule, some_scope
from tests.flows.doors import Door

LISTS = {True: "list_orders", False: "list_runs"}
PLAIN = "pbk_agt_" + "a" * 43


def agents_token(*, tenant: bool) -> str:
    """A token of the furnished agent, known to the test."""
    with plane(TENANT_A if tenant else CONTROL):
        token = AgentToken.objects.latest("pk")
        token.digest = token_digest(PLAIN)
        token.per_minute = 6000
        token.save()
    return PLAIN


def furnish(*, tenant: bool) -> None:
    """A role and a rule beside what is there."""
    with plane(TENANT_A if tenant else CONTROL):
        rule()
        held = Permission.objects.filter(codename=some_scope().partition(".")[2])
        Agent.objects.latest("pk").principal.user_permissions.set(held)


def template_of(route: str) -> str:
    """``api/plans/<str:public_id>`` as the document writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)


def ids(door: Door) -> dict[str, str]:
    """Real values for what stands in the path; made-up ones where there is no row."""
    parts = template_of(door.route).split("/")
    try:
        path = door.path()
    except (ObjectDoesNotExist, LookupError):
        path = door.path({"public_id": "non_" + "0" * 26})
    if "{name}" in parts:  # a tool that the furnished agent may use
        path = path.replace("/get_order/", f"/{LISTS[door.tenant]}/")
    filled = path.strip("/").split("/")
    return {
        part[1:-1]: value
        for part, value in zip(parts, filled, strict=True)
        if part.startswith("{")
    }


def action_of(door: Door, method: str) -> AnyAction | None:
    """The action behind a door, if there is one."""
    cls = getattr(door.view, "cls", None)
    if method != "post" or cls is None:
        return None
    return getattr(cls, "action", None) or getattr(cls, "creator", None)


def prepared(door: Door, operation: Any, *, tenant: bool) -> Any:
    """Bring the row into a state that fits; what to send, or None for no body."""
    action = action_of(door, operation.method.lower())
    name = operation.definition.raw["operationId"]
    with plane(TENANT_A if tenant else CONTROL):
        arrange(name)
        if action is not None and not action.creates and action.legal_in:
            rows: Any = action.model._base_manager
            row = rows.filter(public_id=ids(door).get("public_id", "")).first()
            field = "state" if hasattr(row, "state") else "status"
            wrong = row is not None and getattr(row, field, "") not in action.legal_in
            if wrong and name not in UNFORGED:
                fitting = sorted(action.legal_in)[0]
                rows.filter(pk=row.pk).update(**{field: fitting})
        body = BODIES.get(name, {})
        body = body() if callable(body) else body
    return body if operation.method.lower() == "post" else None


def case(operation: Any, real: dict[str, str], body: Any) -> Any:
    """A call with real ids."""
    more = {} if body is None else {"body": body, "media_type": "application/json"}
    made: Any = operation.Case(path_parameters=dict(real), **more)
    return made


# A row in that state could never have what this one has.
UNFORGED = {"billing_discard_draft", "billing_finalise_invoice"}

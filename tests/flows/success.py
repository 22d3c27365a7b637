"""How each operation of the API succeeds on the furnished rows, for somebody.

An action that fits one state only finds its row in that state; what it needs beside its
row stands in ``BODIES``. Where no furnished row can ever fit, ``NOT_HERE`` says why.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ObjectDoesNotExist

from agents.models import Agent, AgentToken, Role, Rule
from paybill_site.kernel import planes
from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.crypto import token_digest
from paybill_site.kernel.planes import CONTROL, plane
from tests.database import TENANT_A
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
        if action is not None and not action.creates and action.legal_in:
            rows: Any = action.model._base_manager
            row = rows.filter(public_id=ids(door).get("public_id", "")).first()
            field = "state" if hasattr(row, "state") else "status"
            wrong = row is not None and getattr(row, field, "") not in action.legal_in
            if wrong and name not in UNFORGED:
                fitting = sorted(action.legal_in)[0]
                rows.filter(pk=row.pk).update(**{field: fitting})
        if name in ARRANGED:
            ARRANGED[name]()
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


def some_scope() -> str:
    """A permission that agents of this plane can be given."""
    return "storefront.view_order" if planes.here().tenant else "provisioning.view_run"


def scoped(**more: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"scopes": [some_scope()], **more}


def permitted(**more: Any) -> Callable[[], dict[str, Any]]:
    return lambda: {"permission": some_scope(), **more}


def role() -> Role:
    """A role, with its group."""
    group = Group.objects.create(name=f"agents:{uuid.uuid4().hex}")
    made: Role = Role.objects.create(name=group.name, group=group, made_by="test")
    return made


def in_role() -> dict[str, Any]:
    return {"role": Role.objects.latest("pk").public_id}


def rule() -> None:
    Rule.objects.create(role=role().group, permission=some_scope(), made_by="test")


def delegating() -> dict[str, Any]:
    agent = Agent.objects.latest("pk").public_id
    return {"agent": agent, "task": "x", "scopes": [some_scope()]}


ARRANGED: dict[str, Callable[[], Any]] = {}

BODIES: dict[str, Any] = {
    "agents_create_agent": {"name": "Another"},
    "agents_delegate": delegating,
    "agents_issue_token": scoped(),
    "agents_open_session": scoped(session={"customer": "cus_1"}),
    "agents_grant_access": permitted(everything=True),
    "agents_revoke_access": permitted(everything=True),
    "agents_grant_to_role": permitted(everything=True),
    "agents_revoke_from_role": permitted(everything=True),
    "agents_put_in_role": in_role,
    "agents_take_from_role": in_role,
    "agents_create_role": {"name": "Another"},
    "agents_allow_address": {"address": "shop.example.org"},
    "agents_add_limit": {"measure": "calls", "most": 5},
    "agents_change_limit": {"most": 5},
    "agents_throw_switch": {"reason": "a test"},
    "tenants_set_time_zone": {"time_zone": "Europe/Berlin"},
    "tenants_start_tenant": {"name": "Mill", "slug": "mill"},
    "tenants_change_endpoint": {
        "url": "https://hooks.example.com/x",
        "types": ["*"],
    },
    "billing_change_plan": {"plan": "team"},
    "billing_change_quantity": {"seats": 3},
    "billing_redeem_code": {"code": "WELCOME"},
    "billing_mark_refund_sent": {"reference": "x"},
    "billing_mark_invoice_paid": {"reference": "x"},
    "billing_draft_invoice": {
        "lines": [{"description": "Work", "quantity": 1, "unit_amount": 100}]
    },
    "billing_grant_credit": {"amount": 100, "reason": "goodwill"},
    "billing_reduce_credit": {"amount": 1, "reason": "a test"},
    "billing_set_reckoning": {
        "counting": "days",
        "alignment": "own",
        "tax_by": "line",
    },
    "billing_credit_invoice": {"reason": "order_change", "amount": 1},
    "billing_refund_payment": {"why": "requested_by_customer", "amount": 1},
    "billing_set_terms": {"collection": "invoice", "terms_days": 14},
    "billing_set_address": {"name": "Acme", "country": "DE"},
    "tenants_set_billing_details": {"name": "Acme", "country": "DE"},
    "billing_create_coupon": {"name": "Ten", "percent": 10},
    "billing_add_promotion_code": {"code": "TENOFF"},
    "billing_create_meter": {
        "code": "tests",
        "name": "Tests",
        "aggregation": "count",
        "unit": "test",
        "units": "tests",
    },
    "billing_rename_meter": {"name": "Tests", "unit": "test", "units": "tests"},
    "billing_pay_with_sandbox": {"card": "test_ok"},
    "billing_fill_in_test_method": {"card": "test_ok"},
    "tenants_add_test_method": {"card": "test_ok"},
    "provisioning_comment_run": {"text": "seen"},
    "provisioning_force_cancel_run": {"why": "a test"},
    "provisioning_hold_removal": {"why": "a test"},
    "provisioning_change_run_rules": {"four_eyes": False},
    "provisioning_add_product": {
        "name": "Shop",
        "address": "https://shop.example.com/hooks",
        "code": "shop",
    },
    "provisioning_change_product": {
        "name": "Shop",
        "address": "https://shop.example.com/hooks",
    },
}

# Why nobody can succeed on the furnished rows. Each has stories where somebody can.
RUN = "needs a run, a state or a database that Terraform has really made"
STATE = "the one furnished row is past that state, and its neighbours hold it there"
CATALOGUE = "needs names that belong together: of a plan, a price, a card, a policy"
PROOF = "needs a secret that only a mail or a provider's message has"
STOPPED = "nobody has stopped the agents: all of the cast would be refused then"
HALF = "the furnished run has done no step that could be taken back"

WAITING = {
    "agent_switches_retrieve": STOPPED,
    "agents_release_switch": STOPPED,
    "agents_retry_compensation": HALF,
}
NOT_HERE: dict[str, dict[str, str]] = {
    "tenant": {
        **WAITING,
        "agents_add_binding": CATALOGUE,
        "agents_add_rule": CATALOGUE,
    },
    "control": {
        **WAITING,
        "agents_add_binding": CATALOGUE,
        "agents_add_rule": CATALOGUE,
        "tenants_accept_invitation": PROOF,
        "billing_import_statement": PROOF,
        **dict.fromkeys(
            (
                "tenants_add_endpoint",
                "tenants_add_test_method",
                "tenants_subscribe",
                "usage_events_create",
                "billing_import_catalogue",
                "billing_redeem_code",
                "billing_write_dunning_schedule",
                "billing_pay_with_sandbox",
                "billing_fill_in_test_method",
                "billing_create_plan",
                "billing_set_addon",
                "billing_change_plan",
                "billing_change_quantity",
                "billing_extend_trial",
                "billing_add_tax_rate",
                "billing_end_tax_rate",
                "provisioning_add_cloud_account",
                "provisioning_change_cloud_account",
                "provisioning_add_policy",
                "provisioning_change_policy",
                "provisioning_enable_policy",
                "provisioning_archive_stack",
                "provisioning_start_rollout",
                "provisioning_confirm_run",
            ),
            CATALOGUE,
        ),
        **dict.fromkeys(
            (
                "billing_bill_customer",
                "billing_pay_invoice",
                "billing_credit_invoice",
                "billing_discard_draft",
                "billing_finalise_invoice",
                "billing_void_invoice",
                "billing_refund_payment",
                "billing_retry_refund",
                "billing_cancel_subscription",
                "billing_pause_subscription",
                "billing_reactivate_subscription",
                "billing_resume_subscription",
                "billing_undo_cancel",
                "provisioning_disable_policy",
            ),
            STATE,
        ),
        **dict.fromkeys(
            (
                "provisioning_drop_copy",
                "provisioning_adopt_drift",
                "provisioning_repair_drift",
                "provisioning_release_state_lock",
                "provisioning_queue_run",
                "provisioning_adopt_state",
                "provisioning_discard_state",
                "provisioning_rollback_state",
                "provisioning_thaw_deployment",
                "provisioning_removal_record",
                "provisioning_retry_removal",
                "provisioning_force_cancel_run",
                "provisioning_retry_run",
                "tenants_request_backup",
                "tenants_rotate_credentials",
                "tenants_sleep_database",
                "tenants_wake_database",
            ),
            RUN,
        ),
    },
}

"""What a call needs beside its row, so that somebody of the cast succeeds with it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from agents.models import Agent, Role, Rule
from agents.tools.catalogue import tools_here
from paybill_site.kernel import planes
from tenants.actions.members import token_for
from tenants.models import Invitation, Tenant
from tests.flows.arranged import PLAN, begun
from tests.provisioning.clouds.test_accounts import AWS
from tests.provisioning.gates.test_rego import CASES, NO_GP2


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


def of_agent(**more: Any) -> dict[str, Any]:
    return {"agent": Agent.objects.latest("pk").public_id, **more}


def binding() -> dict[str, Any]:
    tool = next(iter(tools_here().values()))
    argument = next(iter(tool.arguments.model_fields))
    return of_agent(tool=tool.name, argument=argument, kind="fixed", value="x")


def a_rule() -> dict[str, Any]:
    of_one = {"field": "id", "lookup": "exact", "value": "ord_" + "0" * 26}
    return of_agent(permission=some_scope(), conditions=[of_one])


def beginning() -> dict[str, Any]:
    name, subject = begun()
    return {"workflow": name, "subject": subject.partition(":")[2]}


def first_step() -> dict[str, Any]:
    if planes.here().tenant:
        return {"step": "modify_customer_address", "data": ADDRESS}
    return {"step": "rename", "data": METER}


def counted() -> dict[str, Any]:
    event = {
        "id": "2",
        "source": "test",
        "tenant": Tenant.objects.latest("pk").public_id,
        "meter": "calls",
        "at": timezone.now().isoformat(),
    }
    return {"events": [event]}


def later() -> dict[str, Any]:
    return {"until": (timezone.now() + timedelta(days=9)).isoformat()}


ACCOUNT = {name: value for name, value in AWS.items() if name != "cloud"}


METER = {"name": "Tests", "unit": "test", "units": "tests"}
ADDRESS = {
    "line1": "Mill Lane 1",
    "line2": "",
    "city": "Bath",
    "region": "Somerset",
    "postcode": "BA1 1AA",
    "country": "GB",
}

BODIES: dict[str, Any] = {
    "agents_start_run": beginning,
    "agents_create_agent": {"name": "Another"},
    "agents_delegate": lambda: of_agent(task="x", scopes=[some_scope()]),
    "agents_add_binding": binding,
    "agents_add_rule": a_rule,
    "agents_take_step": first_step,
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
    "tenants_accept_invitation": lambda: {
        "token": token_for(Invitation.objects.latest("pk"))
    },
    "tenants_set_time_zone": {"time_zone": "Europe/Berlin"},
    "tenants_start_tenant": {"name": "Mill", "slug": "mill"},
    "tenants_change_endpoint": {
        "url": "https://hooks.example.com/x",
        "types": ["*"],
    },
    "billing_change_plan": {"plan": "team", "seats": {"seats": 7}},
    "billing_change_quantity": {"seats": {"seats": 7}},
    "billing_import_statement": {
        "csv": "date,amount,currency,text\n2026-01-01,1.00,EUR,for nobody\n",
        "leave_unmatched": True,
    },
    "billing_set_addon": {"addon": "more-agents"},
    "billing_extend_trial": later,
    "billing_create_plan": {
        "code": "mini",
        "name": "Mini",
        "price": 100,
        "currency": "EUR",
        "isolation": "pooled",
        "regions": ["local"],
    },
    "billing_import_catalogue": {"text": "format: paybill catalogue 1\nplans: []"},
    "billing_write_dunning_schedule": {
        "code": "strict",
        "name": "Strict",
        "steps": [{"does": "suspend", "days": 10}],
    },
    "billing_add_tax_rate": {
        "country": "NO",
        "name": "MVA",
        "percent": "25",
        "valid_from": "2030-01-01",
    },
    "billing_end_tax_rate": {"until": "2040-01-01"},
    "usage_events_create": counted,
    "tenants_subscribe": {"plan": "team"},
    "tenants_add_endpoint": {"url": "https://93.184.216.34/x", "types": ["*"]},
    "billing_redeem_code": {"code": "AGAIN"},
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
    "billing_credit_invoice": {"reason": "other", "amount": 1},
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
    "billing_rename_meter": METER,
    "billing_pay_with_sandbox": {"card": "test_succeeds"},
    "billing_fill_in_test_method": {"card": "test_succeeds"},
    "tenants_add_test_method": {"card": "test_succeeds"},
    "provisioning_comment_run": {"text": "seen"},
    "provisioning_force_cancel_run": {"why": "a test"},
    "provisioning_hold_removal": {"why": "a test"},
    "provisioning_confirm_run": PLAN,
    "provisioning_add_cloud_account": AWS,
    "provisioning_change_cloud_account": ACCOUNT,
    "provisioning_add_policy": {"name": "no-gp2", "text": NO_GP2, "cases": CASES},
    "provisioning_change_policy": {"text": NO_GP2, "cases": CASES},
    "provisioning_archive_stack": {"cloud": "local", "kind": "bridge"},
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

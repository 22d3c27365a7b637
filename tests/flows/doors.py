"""Every address of both planes, found in the URL configurations themselves.

A new address is covered by the tests of bad input without anybody adding it there.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from paybill_site.kernel.planes import plane
from tests.database import TENANT_A

CONTROL_URLS, TENANT_URLS = "paybill_site.urls", "paybill_site.urls_tenant"
ADMINS = ("operators/", "admin/")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
SAMPLES = {
    "app_label": "kernel",
    "url": "nowhere/",
    "name": "get_order",
    "key": "MQ:1abc:x",
    "uidb36": "1",
    "token": "tok",
    "content_type_id": "1",
    "day": "2026-11-21",
    "code": "business",  # of a plan
    "slug": "recurring",  # of a report
    "gateway": "stripe",
    "step": "cancel_pending_order",
}
# The first words of a path that name another model than the path's own words do.
MODELS = {
    "accounts": "tenants.account",
    "tenants": "tenants.tenant",
    "domains": "tenants.domain",
    "memberships": "tenants.membership",
    "invitations": "tenants.invitation",
    "plans": "billing.plan",
    "catalogue": "billing.plan",
    "subscriptions": "billing.subscription",
    "invoices": "billing.invoice",
    "dunning-schedules": "billing.dunningschedule",
    "dunning-cases": "billing.dunningcase",
    "customers": "billing.customer",
    "pay": "billing.invoice",
    "payments": "billing.payment",
    "payment-methods": "billing.paymentmethod",
    "methods": "billing.paymentmethod",
    "disputes": "billing.dispute",
    "incoming-events": "billing.incomingevent",
    "confirm": "billing.payment",
    "meters": "billing.meter",
    "usage": "tenants.tenant",
    "usage-batches": "billing.usagebatch",
    "deployments": "provisioning.deployment",
    "state": "provisioning.deployment",
    "runs": "provisioning.run",
    "cloud-accounts": "provisioning.cloudaccount",
    "policies": "provisioning.regopolicy",
    "run-rules": "provisioning.runrules",
    "stacks": "provisioning.stackversion",
    "rollouts": "provisioning.rollout",
    "removals": "provisioning.removal",
    "state-versions": "provisioning.stateversion",
    "backups": "provisioning.backup",
    "databases": "provisioning.database",
    "database-copies": "provisioning.databasecopy",
    "database-jobs": "provisioning.databasejob",
    "products": "provisioning.product",
    "product-notices": "provisioning.productnotice",
    "billing": "tenants.account",  # pages of an account's billing
    "credit-notes": "billing.creditnote",
    "refunds": "billing.refund",
    "coupons": "billing.coupon",
    "promotion-codes": "billing.promotioncode",
    "redemptions": "billing.redemption",
    "credit-grants": "billing.creditgrant",
    "balance-entries": "billing.balanceentry",
    "ledger-entries": "billing.ledgerentry",
    "books-checks": "billing.bookscheck",
    "tax-rates": "billing.taxrate",
    "api-keys": "tenants.apikey",
    "developers": "tenants.account",
    "webhook-endpoints": "tenants.webhookendpoint",
    "webhooks": "tenants.webhookendpoint",
    "webhook-messages": "tenants.webhookmessage",
    "messages": "tenants.webhookmessage",
    "webhook-attempts": "tenants.webhookattempt",
    "agents": "agents.agent",
    "agent-tokens": "agents.agenttoken",
    "agent-roles": "agents.role",
    "agent-rules": "agents.rule",
    "agent-switches": "agents.switch",
    "delegations": "agents.delegation",
    "assistants": "agents.delegation",
    "agent-limits": "agents.limit",
    "agent-bindings": "agents.binding",
    "agent-addresses": "agents.egressentry",
    "agent-proposals": "agents.proposal",
    "approvals": "agents.approval",
    "workflow-runs": "agents.workflowrun",
}


@dataclass(frozen=True, slots=True)
class Door:
    """One address: its route, its view, and the class of the API's view if any."""

    route: str
    view: Any
    tenant: bool

    @property
    def host(self) -> str:
        return "ta.localhost" if self.tenant else "localhost"

    @property
    def is_admin(self) -> bool:
        return self.route.startswith(ADMINS)

    @property
    def parameters(self) -> list[str]:
        return [one or other for one, other in PARAMETER.findall(self.route)]

    @property
    def fields(self) -> list[str]:
        """Names of the input of the action behind it, if it is the API's."""
        action = getattr(getattr(self.view, "cls", None), "action", None)
        return list(action.Input.model_fields) if action else []

    @property
    def reader(self) -> Any:
        """What reads the body of a request here: addresses of the API share a few."""
        cls = getattr(self.view, "cls", None)
        if cls is None:
            return self.route
        name = (getattr(self.view, "actions", None) or {}).get("post", "post")
        handler = getattr(cls, name, None)
        return handler and inspect.unwrap(handler), tuple(cls.parser_classes)

    @property
    def noun(self) -> str:
        """The words before what names one thing: ``api/plans/``; an admin's are one."""
        return self.route.split("/" if self.is_admin else "<")[0]

    def path(self, given: dict[str, str] | None = None) -> str:
        """The address, with an existing object's id in it unless one is given."""
        chosen = given or {}

        def fill(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            return chosen.get(name) or self._sample(name, self.route[: match.start()])

        return "/" + re.sub(r"[\^$\\]", "", PARAMETER.sub(fill, self.route))

    def _sample(self, name: str, before: str) -> str:
        if name in SAMPLES and not (name == "name" and "mail" in self.route):
            return SAMPLES[name]
        if name in {"object_id", "name"}:
            return "1"
        words = [word for word in re.split(r"[/^]", before) if word in MODELS]
        model = apps.get_model(MODELS[words[-1]])
        if not self.tenant:
            return str(model._base_manager.latest("pk").public_id)
        with plane(TENANT_A):
            return str(model._base_manager.latest("pk").public_id)


def doors() -> list[Door]:
    """All of them, control plane first. Raises KeyError for an unknown parameter."""
    control = [Door(r, v, False) for r, v in _walk(get_resolver(CONTROL_URLS))]
    return control + [Door(r, v, True) for r, v in _walk(get_resolver(TENANT_URLS))]


def _walk(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route, entry.callback
        else:
            yield from _walk(entry, route)

"""A tenant's page and its way to being live."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from paybill_site.accounts.principals import actor_of
from paybill_site.kernel import actions
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.ids import is_id
from paybill_site.kernel.models import AuditEntry, Transition, reference
from tenants import journey, mails, panels
from tenants.journey import Step, StepState
from tenants.models import Domain, Entitlement, Membership, Tenant
from tenants.states import BY_BILLING, Suspension, TenantState

# The words of the `steps` tag for what the rooms say.
WORDS = {StepState.ACTIVE: "running"}
LATEST = 10


def found(actor: Actor, public_id: str) -> Tenant:
    """The tenant, if the actor may see it; else there is none (404)."""
    rows = Tenant.objects.visible_to(actor).select_related("account", "entitlement")
    # What is no id is not asked for: the driver refuses some texts with an error.
    tenant = rows.filter(public_id=public_id).first() if is_id(public_id) else None
    if tenant is None:
        raise Http404
    return tenant


@login_required
@require_safe
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One tenant: state, addresses, people, invoices, what happened."""
    actor = actor_of(request)
    tenant = found(actor, public_id)
    people = Membership.objects.visible_to(actor).filter(account=tenant.account)
    domains = Domain.objects.visible_to(actor).filter(tenant__tenant=tenant)
    context = {
        "tenant": _facts(tenant, actor),
        "suspension": _suspension(tenant, actor),
        "domains": [
            {"name": d.domain, "state": "live", "primary": d.is_primary}
            for d in domains
        ],
        "members": [{"name": "", "email": m.email, "role": m.role} for m in people[:5]],
        "members_count": people.count(),
        "invoices": panels.shown("invoices", tenant, actor, []),
        "removals": panels.shown("removals", tenant, actor, []),
        "activity": _activity(tenant),
        "section": "tenants",
    }
    return render(request, "portal/tenant.html", context)


def _facts(tenant: Tenant, actor: Actor) -> dict[str, Any]:
    entitlement: Entitlement | None = getattr(tenant, "entitlement", None)
    return {
        "name": tenant.name,
        "public_id": tenant.public_id,
        "slug": tenant.slug,
        "state": tenant.state,
        "simulated": tenant.simulated,
        "plan_name": panels.shown("plan_name", tenant, actor, "No plan yet"),
        "plan_url": panels.shown("plan_url", tenant, actor, ""),
        "isolation": entitlement.isolation if entitlement else "pooled",
        "region": entitlement.region if entitlement else "",
        "created_at": tenant.created_at,
        "url": mails.url_of(tenant) if tenant.state == TenantState.LIVE else "",
    }


def _suspension(tenant: Tenant, actor: Actor) -> dict[str, Any] | None:
    if tenant.state != TenantState.SUSPENDED:
        return None
    moves = Transition.objects.filter(target=reference(tenant), new=tenant.state)
    last = moves.order_by("-id").first()
    plain = {
        "reason": Suspension(tenant.suspension).label,
        "since": last.at if last else None,
        "next_action": "Write to us to have it opened again.",
        "url": "",
        "action": "",
    }
    if tenant.suspension in BY_BILLING:
        return {**plain, **panels.shown("suspension", tenant, actor, {})}
    return plain


def _activity(tenant: Tenant) -> list[dict[str, Any]]:
    """The newest entries of the tenant's own audit chain, in words."""
    entries = AuditEntry.objects.filter(chain=tenant.public_id, outcome="done")
    newest = list(entries.order_by("-id")[:LATEST])
    people = dict(
        Membership.objects.filter(account=tenant.account_id).values_list(
            "user", "email"
        )
    )
    return [
        {
            "text": _words(entry.action),
            "actor": people.get(entry.actor, "Paybill"),
            "at": entry.at,
        }
        for entry in newest
    ]


def _words(name: str) -> str:
    known = actions.registry.get(name)
    return known.label() if known else name


@login_required
@never_cache
@require_safe
def progress(request: HttpRequest, public_id: str) -> HttpResponse:
    """From draft to live in named steps; a fragment of it for who polls."""
    tenant = found(actor_of(request), public_id)
    steps = journey.steps(tenant)
    failed = next((s for s in steps if s.state == StepState.FAILED), None)
    state = _overall(tenant, steps)
    context = {
        "tenant": {
            "name": tenant.name,
            "public_id": tenant.public_id,
            "simulated": tenant.simulated,
            "url": mails.url_of(tenant),
        },
        "state": state,
        "summary": _summary(state, steps),
        "steps": [_shown(step) for step in steps],
        "failure": _failure(failed) if failed else None,
        "next": next((s for s in steps if s.action_url), None),
        "email": getattr(request.user, "email", ""),
        "section": "tenants",
    }
    asked_by_htmx = request.headers.get("HX-Request") == "true"
    part = "#progress" if asked_by_htmx else ""
    return render(request, f"portal/progress.html{part}", context)


def _overall(tenant: Tenant, steps: list[Step]) -> str:
    if tenant.state in {TenantState.LIVE, TenantState.SUSPENDED}:
        return "done"
    if any(step.state == StepState.FAILED for step in steps):
        return "failed"
    running = any(step.state == StepState.ACTIVE for step in steps)
    return "running" if running else "waiting"


def _summary(state: str, steps: list[Step]) -> str:
    if state == "done":
        return "All steps are done."
    if state == "failed":
        return "One step did not work out."
    now = next((s for s in steps if s.state == StepState.ACTIVE), None)
    return f"Now: {now.name}." if now else "Waiting for the next step."


def _shown(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "state": WORDS.get(StepState(step.state), str(step.state)),
        "started_at": step.started,
        "finished_at": step.finished,
        "note": step.detail,
    }


def _failure(step: Step) -> dict[str, str]:
    return {
        "explanation": step.detail or f"{step.name} did not work out.",
        "next_action": "Nothing is lost; we have been told.",
        "url": step.action_url,
        "action": step.action_label,
        "run_id": step.run_id,
    }

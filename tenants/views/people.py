"""The people of an account: who is in, who was asked, and how to join."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from paybill_site.accounts.models import User
from paybill_site.accounts.principals import actor_of
from paybill_site.kernel import planes
from paybill_site.kernel.actions import AnyAction, perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from tenants.actions import (
    AcceptInput,
    AcceptInvitation,
    InviteMember,
    RevokeMembership,
    WithdrawInvitation,
)
from tenants.actions.members import read_token
from tenants.forms import InviteForm
from tenants.models import Invitation, Membership, Tenant
from tenants.states import InvitationState, Role
from tenants.views.tenant import found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest, public_id: str) -> HttpResponse:
    """List, invite, remove. What is refused is said; nothing typed is lost."""
    actor = actor_of(request)
    tenant = found(actor, public_id)
    inviting = request.POST.get("action") == "invite"
    form = InviteForm(request.POST if inviting else None)
    if request.method == "POST":
        done = _invite(actor, tenant, form) if inviting else _remove(request, actor)
        if done:
            messages.success(request, done)
            return redirect("portal:members", tenant.public_id)
    manages = actor.may("tenants.invite_member") or (
        tenant.account.public_id in actor.accounts_with("tenants.invite_member")
    )
    context = {
        "tenant": tenant,
        "members": [*_active(tenant, actor), *_invited(tenant, actor)],
        "can_manage": manages,
        "form": form,
        "section": "tenants",
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "portal/members.html", context, status=status)


def _invite(actor: Actor, tenant: Tenant, form: Any) -> str:
    if not form.is_valid():
        return ""
    try:
        perform(InviteMember, tenant.account, form.data_input(), actor=actor)
    except PaybillError as refusal:
        form.add_error(None, refusal.detail)
        return ""
    return f"We have written to {form.cleaned_data['email']}."


def _remove(request: HttpRequest, actor: Actor) -> str:
    public_id = request.POST.get("member", "")
    verb: AnyAction = (
        WithdrawInvitation if public_id.startswith("ivt_") else RevokeMembership
    )
    try:
        perform(verb, public_id, actor=actor)
    except PaybillError as refusal:
        messages.error(request, refusal.detail)
        return ""
    return "Removed."


def _active(tenant: Tenant, actor: Actor) -> list[dict[str, Any]]:
    rows = list(
        Membership.objects.visible_to(actor)
        .filter(account=tenant.account_id)
        .order_by("id")
    )
    owners = sum(row.role == Role.OWNER for row in rows)
    names = dict(
        User.objects.filter(public_id__in=[row.user for row in rows]).values_list(
            "public_id", "name"
        )
    )
    return [
        {
            "public_id": row.public_id,
            "name": names.get(row.user, ""),
            "email": row.email,
            "role": row.role,
            "state": "active",
            "since": row.created_at,
            "removal_refused": "The only owner"
            if row.role == Role.OWNER and owners == 1
            else "",
        }
        for row in rows
    ]


def _invited(tenant: Tenant, actor: Actor) -> list[dict[str, Any]]:
    rows = Invitation.objects.visible_to(actor).filter(
        account=tenant.account_id, state=InvitationState.OPEN
    )
    return [
        {
            "public_id": row.public_id,
            "name": "",
            "email": row.email,
            "role": row.role,
            "state": "invited",
            "since": row.created_at,
            "removal_refused": "",
        }
        for row in rows
    ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show who asks, and join. A link alone changes nothing: joining is a button."""
    actor = actor_of(request)
    if request.method == "POST":
        perform(AcceptInvitation, None, AcceptInput(token=token), actor=actor)
        messages.success(request, "Welcome.")
        return redirect("portal:dashboard")
    with planes.atomic():
        row = read_token(token)
    matches = row.email.lower() == actor.label.lower()
    context = {"invitation": row, "matches": matches}
    return render(request, "tenants/invitation.html", context)

"""Webhooks of an account: added, changed, tried, and what was sent."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from paybill_site.accounts.principals import actor_of
from paybill_site.kernel import webhooks
from paybill_site.kernel.actions import AnyAction, perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.ids import is_id, new_id
from tenants.forms import EndpointForm
from tenants.hooks.actions import (
    AddEndpoint,
    ChangeEndpoint,
    DisableEndpoint,
    EnableEndpoint,
    RemoveEndpoint,
    ResendFailed,
    ResendMessage,
    RotateSecret,
    SendTest,
)
from tenants.hooks.tasks import KEPT
from tenants.models import WebhookEndpoint, WebhookMessage
from tenants.states import EndpointState, MessageState
from tenants.views.developers import account_of, once

SHOWN = 50
VERBS: dict[str, tuple[AnyAction, str]] = {
    "test": (SendTest, "A test is on its way; look below in a moment."),
    "rotate": (RotateSecret, ""),
    "disable": (DisableEndpoint, "Disabled. What happens now is not kept for it."),
    "enable": (EnableEndpoint, "Enabled: it is told of what happens from now on."),
    "remove": (RemoveEndpoint, "Removed."),
    "resend": (ResendFailed, "What failed is sent again, the oldest first."),
}


def found(actor: Actor, public_id: str) -> WebhookEndpoint:
    """The webhook, if the actor may see it and it was not removed; else none (404)."""
    rows = WebhookEndpoint.objects.visible_to(actor).select_related("account")
    rows = rows.exclude(state=EndpointState.REMOVED)
    row = rows.filter(public_id=public_id).first() if is_id(public_id) else None
    if row is None:
        raise Http404
    return row


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, public_id: str) -> HttpResponse:
    """Add a webhook. The page that answers is the only one that shows its secret."""
    actor = actor_of(request)
    account = account_of(actor, public_id)
    form = EndpointForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        data = form.data_input()
        try:
            done = perform(AddEndpoint, account, data, actor=actor, key=once(request))
        except PaybillError as refusal:
            form.add_error(None, refusal.detail)
        else:
            return _secret(request, done.result)
    context = {"account": account, "form": form, "section": "account"}
    return _form(request, context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, public_id: str) -> HttpResponse:
    """Lead a webhook elsewhere, or choose other events."""
    actor = actor_of(request)
    endpoint = found(actor, public_id)
    now = {name: getattr(endpoint, name) for name in ("url", "description", "types")}
    form = EndpointForm(request.POST if request.method == "POST" else None, initial=now)
    if form.is_bound and form.is_valid():
        try:
            perform(ChangeEndpoint, endpoint, form.data_input(), actor=actor)
        except PaybillError as refusal:
            form.add_error(None, refusal.detail)
        else:
            messages.success(request, "Kept.")
            return redirect("portal:webhook", public_id)
    context = {"account": endpoint.account, "endpoint": endpoint, "form": form}
    return _form(request, {**context, "section": "account"})


def _form(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    status = 422 if context["form"].is_bound else 200
    context["once"] = once(request) or new_id("key")
    page = "tenants/developers/webhook_form.html"
    return render(request, page, context, status=status)


def _secret(request: HttpRequest, endpoint: WebhookEndpoint) -> HttpResponse:
    context = {"endpoint": endpoint, "section": "account"}
    return render(request, "tenants/developers/secret.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One webhook and its log; POST does what the button says."""
    actor = actor_of(request)
    endpoint = found(actor, public_id)
    if request.method == "POST":
        return _act(request, endpoint, actor)
    state = request.GET.get("state", "")
    sent = WebhookMessage.objects.visible_to(actor).filter(endpoint=endpoint)
    if state in MessageState:
        sent = sent.filter(state=state)
    context = {
        "endpoint": endpoint,
        "types": ["every event"] if "*" in endpoint.types else endpoint.types,
        "messages_sent": sent[:SHOWN],
        "state": state,
        "failed": endpoint.messages.filter(state=MessageState.FAILED).count(),
        "rotating": endpoint.former_until is not None
        and endpoint.former_until > timezone.now(),
        "attempts": len(webhooks.SCHEDULE),
        "days": webhooks.times()[-1].days,
        "once": new_id("key"),
        "section": "account",
    }
    return render(request, "tenants/developers/webhook.html", context)


def _act(request: HttpRequest, endpoint: WebhookEndpoint, actor: Actor) -> HttpResponse:
    verb = request.POST.get("action", "")
    if verb not in VERBS:
        raise Http404
    action, words = VERBS[verb]
    data = {"since": timezone.now() - KEPT} if verb == "resend" else {}
    asked = action.Input.model_validate(data)
    try:
        done = perform(action, endpoint, asked, actor=actor, key=once(request))
    except PaybillError as refusal:
        messages.error(request, refusal.detail)
        return redirect("portal:webhook", endpoint.public_id)
    if verb == "rotate":
        return _secret(request, done.result)
    messages.success(request, words)
    if verb == "remove":
        return redirect("portal:developers", endpoint.account.public_id)
    return redirect("portal:webhook", endpoint.public_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def message(request: HttpRequest, public_id: str) -> HttpResponse:
    """One message: what it said, each attempt; POST sends it again."""
    actor = actor_of(request)
    rows = WebhookMessage.objects.visible_to(actor).select_related("endpoint__account")
    row = rows.filter(public_id=public_id).first() if is_id(public_id) else None
    if row is None:
        raise Http404
    if request.method == "POST":
        try:
            perform(ResendMessage, row, actor=actor, key=once(request))
        except PaybillError as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, "It is sent again, under the same id.")
        return redirect("portal:webhook_message", public_id)
    context = {
        "message": row,
        "attempts": row.tried.all()[:SHOWN],
        "settled": row.state != MessageState.PENDING,
        "listening": row.endpoint.state == EndpointState.ENABLED,
        "once": new_id("key"),
        "section": "account",
    }
    return render(request, "tenants/developers/message.html", context)

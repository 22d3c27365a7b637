"""For whoever programs against an account: its keys, and the way to its webhooks."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from paybill_site.accounts.principals import actor_of
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.ids import is_id, new_id
from tenants.forms import KeyForm
from tenants.keys.actions import CreateKey, RevokeKey
from tenants.keys.scopes import of_role
from tenants.models import Account, ApiKey, Membership, WebhookEndpoint
from tenants.states import EndpointState, Role

NEEDED = "tenants.view_apikey"
SHOWN = 50


def account_of(actor: Actor, public_id: str) -> Account:
    """The account, if the actor manages its keys and webhooks; else none (404)."""
    rows = Account.objects.permitted(actor, NEEDED)
    account = rows.filter(public_id=public_id).first() if is_id(public_id) else None
    if account is None:
        raise Http404
    return account


def once(request: HttpRequest) -> str:
    """The key under which a form acts once, however often its button is pressed."""
    given = request.POST.get("once", "")
    return given if is_id(given, "key") else ""


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the account, or to the choice between several."""
    managed = list(_managed(actor_of(request)))
    if len(managed) == 1:
        return redirect("portal:developers", managed[0].public_id)
    context = {"accounts": managed, "section": "account"}
    return render(request, "tenants/developers/choose.html", context)


def _managed(actor: Actor) -> Any:
    own = Account.objects.filter(public_id__in=actor.accounts_with(NEEDED))
    return own.order_by("name", "id")[:SHOWN]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Keys and webhooks of an account; POST revokes a key."""
    actor = actor_of(request)
    account = account_of(actor, public_id)
    if request.method == "POST":
        _revoke(request, actor)
        return redirect("portal:developers", account.public_id)
    keys = ApiKey.objects.visible_to(actor).filter(account=account)
    people = Membership.objects.filter(account=account).values_list("user", "email")
    hooks = WebhookEndpoint.objects.visible_to(actor).filter(account=account)
    context = {
        "account": account,
        "several": len(_managed(actor)) > 1,
        "keys": keys[:SHOWN],
        "makers": dict(people),
        "hooks": hooks.exclude(state=EndpointState.REMOVED),
        "section": "account",
    }
    return render(request, "tenants/developers/page.html", context)


def _revoke(request: HttpRequest, actor: Actor) -> None:
    try:
        perform(RevokeKey, request.POST.get("key", ""), actor=actor)
    except PaybillError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, "The key is revoked and opens nothing any more.")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_key(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make a key. The page that answers is the only one that shows it."""
    actor = actor_of(request)
    account = account_of(actor, public_id)
    form = KeyForm(request.POST if request.method == "POST" else None)
    form.offer(_scopes(account, actor))
    if form.is_bound and form.is_valid():
        data = form.data_input()
        try:
            done = perform(CreateKey, account, data, actor=actor, key=once(request))
        except PaybillError as refusal:
            form.add_error(None, refusal.detail)
        else:
            context = {"account": account, "key": done.result, "section": "account"}
            return render(request, "tenants/developers/key.html", context)
    context = {
        "account": account,
        "form": form,
        "once": once(request) or new_id("key"),
        "section": "account",
    }
    status = 422 if form.is_bound else 200
    return render(request, "tenants/developers/new_key.html", context, status=status)


def _scopes(account: Account, actor: Actor) -> Any:
    member = Membership.objects.filter(account=account, user=actor.id).first()
    return of_role(Role(member.role)) if member else []

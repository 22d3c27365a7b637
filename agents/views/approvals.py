"""A tenant's inbox: what agents want to do, and the buttons that let them or not."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agents.actions.approvals import ApproveCall, RefuseCall, RevokeApproval
from agents.approvals import deciding, wording
from agents.approvals.ending import OPEN
from agents.frame import frame, login_url
from agents.models import Approval
from agents.states import ApprovalState
from paybill_site.accounts.models import User
from paybill_site.kernel import actors
from paybill_site.kernel.actions import AnyAction, perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin.verbs import proof_wanted
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.forms import InputForm, form_for

PAGE = 50
VERBS: dict[str, AnyAction] = {
    "approve": ApproveCall,
    "refuse": RefuseCall,
    "revoke": RevokeApproval,
}
DONE = {
    ApprovalState.APPROVED: "Approved. The agent does it now, exactly as shown.",
    ApprovalState.REFUSED: "Refused. The agent is told why.",
    ApprovalState.REVOKED: "Taken back. The agent does not do it.",
}


@never_cache
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits, the oldest first, then what was decided, the newest first."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(login_url(request))
    actor = _decider(request)
    rows = Approval.objects.visible_to(actor).select_related("agent", "run")
    waiting = When(state=ApprovalState.WAITING, then=Value(0))
    order = Case(waiting, default=Value(1), output_field=IntegerField())
    page = Paginator(rows.order_by(order, "-id"), PAGE).get_page(
        request.GET.get("page")
    )
    shown = [{"row": row, "label": wording.action_label(row)} for row in page]
    context = {**frame(request), "page": page, "approvals": shown}
    return render(request, "agents/approvals.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def approval(request: HttpRequest, public_id: str) -> HttpResponse:
    """One approval: who wants what, what would happen, and the decision."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(login_url(request))
    actor = _decider(request)
    rows = Approval.objects.visible_to(actor).select_related("agent", "run")
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        return _decide(request, actor, found)
    return _page(request, actor, found, {})


def _decider(request: HttpRequest) -> Actor:
    """Who looks; the pages do not exist for people without the right to decide."""
    actor = actors.of_request(request)
    if not actor.may(ApproveCall.permission):
        raise Http404
    return actor


def _decide(request: HttpRequest, actor: Actor, found: Approval) -> HttpResponse:
    name = request.POST.get("verb", "")
    verb = VERBS.get(name)
    if verb is None:
        raise Http404
    if (
        verb is ApproveCall
        and deciding.is_grave(found)
        and (proof := proof_wanted(request))
    ):
        return proof
    form: InputForm = form_for(verb.Input)(request.POST, prefix=name)
    if not form.is_valid():
        return _page(request, actor, found, {name: form}, status=422)
    try:
        done = perform(verb, found, form.data_input(), actor=actor)
    except PaybillError as refusal:
        messages.error(request, refusal.detail)
    else:
        _tell(request, done.result)
    return HttpResponseRedirect(reverse("approvals:approval", args=[found.public_id]))


def _tell(request: HttpRequest, decided: Approval) -> None:
    words = DONE.get(ApprovalState(decided.state))
    if words is not None:
        messages.success(request, words)
        return
    messages.warning(request, f"Nothing was approved: {decided.outcome}.")


def _page(
    request: HttpRequest,
    actor: Actor,
    found: Approval,
    forms: dict[str, InputForm],
    status: int = 200,
) -> HttpResponse:
    waits = found.state == ApprovalState.WAITING
    offered = ("approve", "refuse") if waits else ("revoke",)
    context: dict[str, Any] = {
        **frame(request),
        "approval": found,
        "label": wording.action_label(found),
        "target": wording.target(found, actor),
        "arguments": wording.arguments(found),
        "effect": wording.effect(found, actor),
        "behalf": _person(found.behalf),
        "decided_by": _person(found.decided_by),
        "is_open": found.state in OPEN,
        "is_grave": deciding.is_grave(found),
        "hindrance": _hindrance(found, actor) if waits else "",
        "forms": {
            name: forms.get(name) or form_for(VERBS[name].Input)(prefix=name)
            for name in offered
        },
    }
    return render(request, "agents/approval.html", context, status=status)


def _hindrance(found: Approval, actor: Actor) -> str:
    """Why this person does not say yes to this, or ""."""
    try:
        deciding.check(found, actor)
        deciding.check_open(found)
    except PaybillError as refusal:
        return refusal.detail
    return deciding.changed(found)


def _person(public_id: str) -> str:
    """A person's name, or the id of one who is gone; "" for nobody."""
    if not public_id:
        return ""
    user = User.objects.filter(public_id=public_id).first()
    return str(user.name or user.email) if user else public_id

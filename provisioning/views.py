"""The page of a run for operators: what it would do, what is said of it, its log.

Two fragments are polled: what moves (and, when the run enters another state, what is
decided), and the log, which asks for what comes after an offset. Both come without
their trigger once they have ended; the page works without JavaScript.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Kind
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.ids import is_id
from provisioning import actions, pages
from provisioning.models import Run
from provisioning.states import Phase

PAGE = "provisioning/run.html"
DONE = {
    "approve": "The plan is approved and will be applied.",
    "discard": "The plan is discarded.",
    "cancel": "The run is asked to stop.",
    "retry": "The run is queued once more.",
    "comment": "The comment is kept.",
}


@require_safe
def run(request: HttpRequest, public_id: str) -> HttpResponse:
    """One run."""
    found = _visible(request, public_id)
    logs = [pages.log_of(found, phase, 0) for phase in Phase]
    context = {
        **pages.moving(found),
        **pages.deciding(found, actors.of_request(request)),
        "comments": list(found.comments.all()),
        "logs": [log for log in logs if log["text"] or log["grows"]],
    }
    return render(request, PAGE, context)


@require_safe
def live(request: HttpRequest, public_id: str) -> HttpResponse:
    """What moves; with ``?seen=`` another state also what is decided, and new logs."""
    found = _visible(request, public_id)
    context: dict[str, Any] = pages.moving(found)
    known = request.GET.get("logs", "").split(",")
    new = [name for name in context["logged"].split(",") if name and name not in known]
    context["logs"] = [pages.log_of(found, phase, 0) for phase in new]
    if request.GET.get("seen") != found.state:
        context |= pages.deciding(found, actors.of_request(request))
        context["elsewhere"] = True
    return render(request, f"{PAGE}#following", context)


@require_safe
def log(request: HttpRequest, public_id: str) -> HttpResponse:
    """What a phase said from an offset on: ``?phase=apply&offset=8192``."""
    found = _visible(request, public_id)
    phase, offset = request.GET.get("phase", ""), request.GET.get("offset", "0")
    if phase not in Phase or not offset.isdecimal() or len(offset) > 12:
        raise Http404
    context = {"run": found, "log": pages.log_of(found, phase, int(offset))}
    return render(request, f"{PAGE}#log", context)


@require_POST
def decide(request: HttpRequest, public_id: str, verb: str) -> HttpResponse:
    """Approve, discard, cancel, retry or comment: the action behind the button."""
    found = _visible(request, public_id)
    if verb not in pages.BUTTONS:
        raise Http404
    action = pages.BUTTONS[verb]
    asked = {name: request.POST.get(name, "") for name in action.Input.model_fields}
    once = request.POST.get("once", "")
    try:
        outcome = perform(
            action,
            found,
            asked,
            actor=actors.of_request(request),
            reason=request.POST.get("because", "")[:500],
            key=f"{verb}:{once}" if is_id(once, "key") else "",
        )
    except PaybillError as refusal:
        messages.error(request, refusal.detail)
        return redirect("provisioning:run", public_id)
    messages.success(request, DONE[verb])
    following = outcome.result if action is actions.RetryRun else found
    return redirect("provisioning:run", following.public_id)


def _visible(request: HttpRequest, public_id: str) -> Run:
    """The run, for operators alone: logs name what customers need not see."""
    actor = actors.of_request(request)
    rows = Run.objects.visible_to(actor).select_related(*pages.RELATED)
    found = rows.prefetch_related("phases").filter(public_id=public_id).first()
    if found is None or actor.kind is not Kind.OPERATOR:
        raise Http404
    return found

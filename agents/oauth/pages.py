"""What acts for the person who looks, and the button that ends it."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agents.actions import EndDelegation
from agents.frame import frame, login_url
from agents.models import Delegation
from agents.oauth import places
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform

PAGE = 100


@never_cache
@require_safe
def assistants(request: HttpRequest) -> HttpResponse:
    """One's own delegations, newest first."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(login_url(request))
    actor = actors.of_request(request)
    rows = Delegation.objects.visible_to(actor).filter(person=actor.principal)
    rows = rows.select_related("agent").annotate(called_at=Max("tokens__last_used_at"))
    context = {
        **frame(request),
        "delegations": rows[:PAGE],
        "resource": places.resource(request),
    }
    return render(request, "agents/assistants.html", context)


@require_POST
def end(request: HttpRequest, public_id: str) -> HttpResponse:
    """End one of them. What is not one's own is not found."""
    actor = actors.of_request(request)
    done = perform(EndDelegation, public_id, actor=actor)
    messages.success(request, f"{done.result.agent.name} no longer acts for you.")
    return HttpResponseRedirect(reverse("oauth:assistants"))

"""The page of a run for operators: phases, the plan's changes, and the log as it grows.

The log is a polled fragment. It asks for what comes after an offset, and comes
without the trigger once its phase has ended; the page works without JavaScript.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from paybill_site.kernel import actors
from paybill_site.kernel.actors import Kind
from provisioning.models import Run
from provisioning.runner import logs
from provisioning.states import Phase, PhaseState


@require_safe
def run(request: HttpRequest, public_id: str) -> HttpResponse:
    """One run."""
    found = _visible(request, public_id)
    shown = [_log(found, phase, 0) for phase in Phase]
    context = {
        "run": found,
        "phases": list(found.phases.all()),
        "logs": [log for log in shown if log["text"] or log["grows"]],
    }
    return render(request, "provisioning/run.html", context)


@require_safe
def log(request: HttpRequest, public_id: str) -> HttpResponse:
    """What a phase said from an offset on: ``?phase=apply&offset=8192``."""
    found = _visible(request, public_id)
    phase, offset = request.GET.get("phase", ""), request.GET.get("offset", "0")
    if phase not in Phase or not offset.isdecimal() or len(offset) > 12:
        raise Http404
    context = {"run": found, "log": _log(found, phase, int(offset))}
    return render(request, "provisioning/run.html#log", context)


def _visible(request: HttpRequest, public_id: str) -> Run:
    """The run, for operators alone: logs name what customers need not see."""
    actor = actors.of_request(request)
    rows = Run.objects.visible_to(actor).select_related("deployment__tenant")
    found = rows.filter(public_id=public_id).first()
    if found is None or actor.kind is not Kind.OPERATOR:
        raise Http404
    return found


def _log(run: Run, phase: str, offset: int) -> dict[str, Any]:
    state = run.phases.filter(name=phase).values_list("state", flat=True).first()
    text, following = logs.read(run, phase, offset)
    return {
        "phase": phase,
        "text": text,
        "offset": following,
        "grows": not run.is_final and state == PhaseState.RUNNING,
    }

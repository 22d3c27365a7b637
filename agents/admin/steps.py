"""A person takes a step of a run: the form of its action, and what it would do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect

from agents.models import WorkflowRun
from agents.workflows import people
from paybill_site.kernel import actors
from paybill_site.kernel.actions import AnyAction, Danger, perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import confirm, operators, tenant_admins
from paybill_site.kernel.admin.verbs import ONCE, proof_wanted
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.ids import is_id, new_id

ROUTE, NAME = "agents/workflow-runs/<str:public_id>/<str:step>/", "agents_step"
SEE = "agents.view_workflowrun"


@operators.page(ROUTE, NAME, SEE)
@tenant_admins.page(ROUTE, NAME, SEE)
@csrf_protect
def take_step(
    request: HttpRequest, site: Any, public_id: str, step: str
) -> HttpResponse:
    """Ask, then take the step; what was refused is said."""
    actor = actors.of_request(request)
    run = WorkflowRun.objects.visible_to(actor).filter(public_id=public_id).first()
    offered = people.offered(run, actor) if run else []
    action = next((one.action for one in offered if one.name == step), None)
    subject = _subject(action, run, actor) if run and action else None
    if run is None or action is None or subject is None:
        raise Http404
    if action.danger is Danger.DESTRUCTIVE and (proof := proof_wanted(request)):
        return proof
    page = reverse(
        "admin:agents_workflowrun_change", args=[run.pk], current_app=site.name
    )
    form = confirm.confirm_form(action, [subject], request)
    if form.is_bound and form.is_valid():
        try:
            _take(request, action, run, actor, form)
        except PaybillError as refusal:
            messages.error(request, f"{action.label()}: {refusal.detail}")
        else:
            messages.success(request, f"{action.label()}: {subject}")
        return HttpResponseRedirect(page)
    context = {
        **site.each_context(request),
        "opts": WorkflowRun._meta,
        "title": action.label(),
        "action": {
            "label": action.label(),
            "danger": action.danger.value,
            "description": action.description(),
        },
        "objects": [{"label": str(subject), "url": "", "public_id": subject.public_id}],
        "form": form,
        "carried": [(ONCE, request.POST.get(ONCE) or new_id("key"))],
        "dry_run": confirm.preview(action, [subject], form, actor, run=run.public_id),
        "cancel_url": page,
    }
    return TemplateResponse(request, "admin/confirm_action.html", context)


def _subject(action: AnyAction, run: WorkflowRun, actor: Actor) -> Any:
    rows: Any = action.model._default_manager
    return rows.visible_to(actor).filter(public_id=people.subject_of(run)).first()


def _take(
    request: HttpRequest, action: AnyAction, run: WorkflowRun, actor: Actor, form: Any
) -> None:
    once = request.POST.get(ONCE, "")
    perform(
        action,
        people.subject_of(run),
        form.data_input(),
        actor=actor,
        reason=form.cleaned_data.get(confirm.REASON, ""),
        key=once if is_id(once, "key") else "",
        run=run.public_id,
    )

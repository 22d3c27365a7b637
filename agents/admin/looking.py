"""Pages about access: the matrix, what an agent can do, and who can touch an object."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.views.decorators.csrf import csrf_protect

from agents.access import matrix, who, why
from agents.actions import GrantAccess, RevokeAccess
from agents.actions.roles import GrantToRole, RevokeFromRole
from agents.models import Agent
from paybill_site.kernel import actors
from paybill_site.kernel.actions import AnyAction, perform
from paybill_site.kernel.admin import operators, tenant_admins
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.ids import is_id

SEE = "agents.view_agent"


@operators.page("agents/matrix/", "agents_matrix", SEE, title="Access of agents")
@tenant_admins.page("agents/matrix/", "agents_matrix", SEE, title="Access of agents")
@csrf_protect
def access_matrix(request: HttpRequest, site: Any) -> HttpResponse:
    """Agents and roles against permissions; a press grants or takes back at once."""
    actor = actors.of_request(request)
    if request.method == "POST":
        return _pressed(request)
    models = {model._meta.label_lower: model for model in matrix.models()}
    label = request.GET.get("model", "")
    model = models.get(label) or next(iter(models.values()), None)
    named = request.GET.get("named", "").replace("\0", "")[:80]
    asked = [one for one in request.GET.get("objects", "").split() if is_id(one)]
    rows = matrix.objects(model, asked, actor) if model else []
    context = {
        **site.each_context(request),
        "title": "Access of agents",
        "models": [(name, m._meta.verbose_name_plural) for name, m in models.items()],
        "chosen": model._meta.label_lower if model else "",
        "by_object": bool(model) and hasattr(model, "object_grants"),
        "objects": " ".join(row.public_id for row in rows),
        "missing": len(set(asked)) - len(rows),
        "named": named,
        "matrix": matrix.of(model, rows, actor, named) if model else None,
    }
    return TemplateResponse(request, "agents/matrix.html", context)


def _pressed(request: HttpRequest) -> HttpResponse:
    """Grant or take back what one cell stands for; what is refused is said."""
    holder, permission, there, wanted = (
        request.POST.get(name, "") for name in ("holder", "permission", "object", "to")
    )
    role = is_id(holder, "rol")
    verbs: dict[tuple[bool, str], AnyAction] = {
        (False, "grant"): GrantAccess,
        (False, "revoke"): RevokeAccess,
        (True, "grant"): GrantToRole,
        (True, "revoke"): RevokeFromRole,
    }
    verb = verbs.get((role, wanted))
    if verb is None:
        raise Http404
    data: dict[str, Any] = {
        "permission": permission,
        "objects": [there] if there else [],
        "everything": not there,
    }
    try:
        perform(verb, holder, data, actor=actors.of_request(request))
    except PaybillError as refusal:
        messages.error(request, refusal.detail)
    else:
        done = "granted" if wanted == "grant" else "taken back"
        messages.success(request, f"{permission}: {done}")
    return HttpResponseRedirect(request.get_full_path())


@operators.page("agents/<str:public_id>/can/", "agents_can", SEE)
@tenant_admins.page("agents/<str:public_id>/can/", "agents_can", SEE)
def what_it_can_do(request: HttpRequest, site: Any, public_id: str) -> HttpResponse:
    """Every tool that an agent may use, with the reasons and what narrows it."""
    actor = actors.of_request(request)
    agent = Agent.objects.visible_to(actor).filter(public_id=public_id).first()
    if agent is None:
        raise Http404
    context = {
        **site.each_context(request),
        "title": f"What {agent.name} can do, and why",
        "agent": agent,
        "abilities": why.abilities(agent),
    }
    return TemplateResponse(request, "agents/can.html", context)


@operators.page("agents/touching/", "agents_touching", SEE, title="Who can touch it")
@tenant_admins.page(
    "agents/touching/", "agents_touching", SEE, title="Who can touch it"
)
def who_can_touch(request: HttpRequest, site: Any) -> HttpResponse:
    """The agents that can do something with one object, by its public id."""
    actor = actors.of_request(request)
    asked = request.GET.get("object", "").strip()
    row: Any = who.row_of(asked) if is_id(asked) else None
    rows: Any = type(row)._default_manager if row else None
    # What the person may not see is as unknown as what is not there.
    if row and not rows.visible_to(actor).filter(pk=row.pk).exists():
        row = None
    context = {
        **site.each_context(request),
        "title": f"Who can touch {row}" if row else "Who can touch an object",
        "asked": asked,
        "row": row,
        "found": who.touching(row) if row else [],
    }
    return TemplateResponse(request, "agents/touching.html", context)

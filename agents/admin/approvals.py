"""What agents wait for: the list of it, what would happen in words, yes and no."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from agents.actions.approvals import ApproveCall, RefuseCall, RevokeApproval
from agents.approvals import deciding, wording
from agents.approvals.ending import OPEN
from agents.models import Approval
from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, tenant_admins
from paybill_site.kernel.admin.verbs import proof_wanted, waiting

FIRST = ("would_happen", "state_badge")


@operators.register(Approval)
@tenant_admins.register(Approval)
class ApprovalAdmin(VerbAdmin[Approval]):
    """Approvals; each shows what would happen before anybody says yes."""

    list_display = ("what", "state_badge", "agent", "why", "created_at", "expires_at")
    list_filter = ("state", "tool")
    search_fields = ("public_id", "tool", "target", "asked_by", "behalf")
    list_select_related = ("agent", "run")
    exclude = (
        "sealed", "shown", "digest", "arguments", "result", "key", "standing", "state",
    )  # fmt: skip
    readonly_fields = FIRST
    verbs: ClassVar[tuple[AnyAction, ...]] = (ApproveCall, RefuseCall, RevokeApproval)
    bulk_verbs = (RefuseCall,)

    @admin.display(description="What", ordering="tool")
    def what(self, obj: Approval) -> str:
        return f"{wording.action_label(obj)} {obj.target.rpartition(':')[2][-6:]}"

    @admin.display(description="What would happen")
    def would_happen(self, obj: Any) -> SafeString:
        shown = {
            "approval": obj,
            "arguments": wording.arguments(obj),
            "effect": wording.effect(obj, obj.looked_at_by),
        }
        return render_to_string("agents/effect.html", shown)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What would happen comes first, and why a person has to agree."""
        names = self.get_readonly_fields(request, obj)
        return [*FIRST, "why", *(n for n in names if n not in {*FIRST, "why"})]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        obj: Any = super().get_object(request, object_id, from_field)
        if obj is not None:
            obj.looked_at_by = self.actor(request)
        return obj

    def related(self, obj: Approval) -> Iterable[tuple[str, models.Model | None]]:
        return [("agent", obj.agent), ("run", obj.run)]

    def confirm_view(
        self, request: HttpRequest, verb: AnyAction, objects: list[Any]
    ) -> HttpResponse:
        """To agree to what can not be undone one proves anew who one is."""
        grave = verb is ApproveCall and any(map(deciding.is_grave, objects))
        if grave and (proof := proof_wanted(request)):
            return proof
        return super().confirm_view(request, verb, objects)

    def _ask(
        self, request: HttpRequest, verb: AnyAction, objects: list[Any], form: Any
    ) -> HttpResponse:
        """The effect on the page is that of the call, not that of the decision."""
        page: Any = super()._ask(request, verb, objects, form)
        if verb is ApproveCall and len(objects) == 1:
            tried = page.context_data["dry_run"] or {}
            shown = wording.effect(objects[0], self.actor(request))
            page.context_data["dry_run"] = {**_as_diff(shown), **_error(tried)}
        answer: HttpResponse = page
        return answer


def _as_diff(effect: wording.Effect) -> dict[str, Any]:
    diff: list[dict[str, Any]] = [
        {"field": f"{row.title} {row.public_id[-6:]}: {name}", "before": b, "after": a}
        for row in effect.rows
        for name, b, a in row.changes
    ]
    if effect.unseen:
        unseen = {
            "field": "Rows that you may not see",
            "before": "",
            "after": effect.unseen,
        }
        diff.append(unseen)
    return {"diff": diff, "events": list(effect.events), "error": ""}


def _error(tried: dict[str, Any]) -> dict[str, Any]:
    error = tried.get("error")
    return {"error": error, "blocked": True} if error else {}


@waiting
def approvals(actor: Actor) -> Iterable[dict[str, Any]]:
    """What agents wait for, for whoever may decide it."""
    if not actor.may(ApproveCall.permission):
        return
    rows = Approval.objects.visible_to(actor).filter(state=OPEN[0])
    if count := rows.count():
        address = reverse("admin:agents_approval_changelist")
        yield {
            "title": "Agents ask: approve or refuse",
            "count": count,
            "url": f"{address}?state__exact=waiting",
            "tone": "warn",
        }

"""Runs of workflows, with their steps; those that can not be undone wait here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from agents.actions.workflows import CancelWorkflowRun, RetryCompensation
from agents.models import WorkflowRun, WorkflowStep
from agents.states import RunStatus
from agents.workflows import people
from agents.workflows.opening import GOING
from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, tenant_admins
from paybill_site.kernel.admin.verbs import waiting
from paybill_site.kernel.templatetags.paybill_ui import badge

LEGAL: dict[AnyAction, tuple[str, ...]] = {
    CancelWorkflowRun: GOING,
    RetryCompensation: (RunStatus.FAILED,),
}


class StepRows(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """What was done, in its order."""

    model = WorkflowStep
    fields = readonly_fields = (
        "seq", "name", "status", "old", "new", "by", "target", "at", "undone_at",
    )  # fmt: skip
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # with the run they belong to

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@operators.register(WorkflowRun)
@tenant_admins.register(WorkflowRun)
class RunAdmin(VerbAdmin[WorkflowRun]):
    """One page per run: where it stands, what was done, what was undone."""

    list_display = (
        "workflow",
        "subject",
        "state",
        "status_badge",
        "agent",
        "deadline_at",
    )
    list_filter = ("status", "workflow")
    search_fields = ("public_id", "subject", "started_by", "behalf")
    list_select_related = ("agent",)
    exclude = ("data", "standing", "status")
    readonly_fields = ("status_badge", "next_steps")
    inlines = (StepRows,)
    verbs: ClassVar[tuple[AnyAction, ...]] = (CancelWorkflowRun, RetryCompensation)
    bulk_verbs = (RetryCompensation,)

    @admin.display(description="Status", ordering="status")
    def status_badge(self, obj: WorkflowRun) -> SafeString:
        return badge(obj.status)

    @admin.display(description="Steps that you can take now")
    def next_steps(self, obj: Any) -> SafeString:
        links = [
            (
                reverse(
                    "admin:agents_step",
                    args=[obj.public_id, step.name],
                    current_app=self.admin_site.name,
                ),
                step.action.label(),
            )
            for step in obj.offered
        ]
        if not links:
            nothing = "None: it waits for somebody else, or is over."
            return format_html('<span class="quiet">{}</span>', nothing)
        return format_html_join(" ", '<a class="button" href="{}">{}</a>', links)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What can be done comes first."""
        if obj is not None:
            obj.offered = people.offered(obj, self.actor(request))
        first = ("status_badge", "next_steps")
        names = super().get_readonly_fields(request, obj)
        return [*first, *(name for name in names if name not in first)]

    def get_actions(
        self,
        request: HttpRequest,
        action_location: ActionLocation = ActionLocation.CHANGE_LIST,
    ) -> dict[str, Any]:
        """Of one run those verbs that its status allows."""
        found = super().get_actions(request, action_location)
        on_form = action_location is ActionLocation.CHANGE_FORM
        obj = self._object(request) if on_form else None
        if obj is not None:
            for verb, legal in LEGAL.items():
                if obj.status not in legal:
                    found.pop(verb.name, None)
        return found

    def related(
        self, obj: WorkflowRun
    ) -> Iterable[tuple[str, models.Model | str | None]]:
        address = reverse(
            "admin:agents_approval_changelist", current_app=self.admin_site.name
        )
        return [
            ("agent", obj.agent),
            ("approvals", f"{address}?run__id__exact={obj.pk}"),
        ]


@waiting
def failed_runs(actor: Actor) -> Iterable[dict[str, Any]]:
    """Runs that could not be undone, for whoever may try again."""
    if not actor.may(RetryCompensation.permission):
        return
    rows = WorkflowRun.objects.visible_to(actor).filter(status=RunStatus.FAILED)
    if count := rows.count():
        address = reverse("admin:agents_workflowrun_changelist")
        yield {
            "title": "Runs that could not be undone",
            "count": count,
            "url": f"{address}?status__exact=failed",
            "tone": "bad",
        }

"""Operators' view of deployments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from provisioning import actions, windows
from provisioning.admin.order import first
from provisioning.admin.tasks import task
from provisioning.models import Deployment, Run
from provisioning.states import RunState

type Links = Iterable[tuple[str, models.Model | str | None]]

ENDED_BADLY = (RunState.FAILED, RunState.ERRORED, RunState.FORCE_CANCELED)


WHILE_DRIFTED: tuple[AnyAction, ...] = (actions.AdoptDrift, actions.RepairDrift)
WHILE_FROZEN: tuple[AnyAction, ...] = (
    actions.AdoptState,
    actions.DiscardState,
    actions.ThawDeployment,
)


class DriftFilter(admin.SimpleListFilter):
    """Whether something was found changed outside."""

    title = "drift"
    parameter_name = "drift"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Drifted"), ("no", "As built")]

    def queryset(self, request: Any, queryset: Any) -> Any:
        match self.value():
            case "yes":
                return queryset.exclude(drift={})
            case "no":
                return queryset.filter(drift={})
        return queryset


class FrozenFilter(admin.SimpleListFilter):
    """Whether runs are held back."""

    title = "runs"
    parameter_name = "frozen"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Held back")]

    def queryset(self, request: Any, queryset: Any) -> Any:
        return queryset.exclude(frozen="") if self.value() == "yes" else queryset


@operators.register(Deployment)
class DeploymentAdmin(VerbAdmin[Deployment]):
    """Infrastructure of tenants' own."""

    list_display = (
        "public_id",
        "tenant",
        "kind",
        "where",
        "state_badge",
        "drifted",
        "frozen",
    )
    list_filter = ("state", DriftFilter, FrozenFilter, "kind", "cloud")
    list_select_related = ("tenant", "account")
    search_fields = ("public_id", "tenant__name", "tenant__public_id")
    exclude = ("drift", "window", "seed")
    readonly_fields = ("lock_holder", "changed_outside", "maintenance", "last_checks")
    verbs = (
        actions.QueueRun,
        *WHILE_DRIFTED,
        actions.SetWindow,
        *WHILE_FROZEN,
        actions.ReleaseStateLock,
    )

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        told = ("neighbours", "state", "frozen", "changed_outside", "last_checks")
        return first(super().get_fields(request, obj), *told, "maintenance")

    def get_actions(
        self,
        request: HttpRequest,
        action_location: ActionLocation = ActionLocation.CHANGE_LIST,
    ) -> dict[str, Any]:
        """What answers a drift or a rescued state is offered where there is one."""
        offered = super().get_actions(request, action_location)
        obj = self._object(request)
        if obj is None:
            return offered
        out = (() if obj.drift else WHILE_DRIFTED) + (
            () if obj.frozen else WHILE_FROZEN
        )
        needless = {verb.name for verb in out}
        return {name: o for name, o in offered.items() if name not in needless}

    def related(self, obj: Deployment) -> Links:
        yield "tenant", obj.tenant
        yield "account", obj.account
        yield "stack version", obj.stack_version
        yield "removal", getattr(obj, "removal", None)
        for run in obj.runs.all()[:10]:
            yield f"{run} ({run.state})", run
        for version in obj.state_versions.all()[:5]:
            yield f"state {version.serial}", version

    @admin.display(description="Where", ordering="cloud")
    def where(self, obj: Deployment) -> str:
        simulated = " (simulated, data on this machine)" if obj.simulated else ""
        return f"{obj.cloud} {obj.region}{simulated}"

    @admin.display(description="Drift", boolean=True)
    def drifted(self, obj: Deployment) -> bool | None:
        """A tick where nothing changed, a cross where something did."""
        return None if obj.drift_seen_at is None else not obj.drift

    @admin.display(description="State lock")
    def lock_holder(self, obj: Deployment) -> str:
        held = getattr(obj, "lock", None)
        if held is None:
            return "free"
        age = timesince(held.created_at)
        return f"{held} for {held.run}, for {age}, since {held.created_at:%F %T} UTC"

    @admin.display(description="Changed outside")
    def changed_outside(self, obj: Deployment) -> SafeString | str:
        lines = obj.drift.get("lines", [])
        if not lines:
            seen = obj.drift_seen_at
            return f"nothing, as of {seen:%Y-%m-%d %H:%M}" if seen else "never looked"
        rows = format_html_join(
            "",
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td>"
            "<td>{}</td></tr>",
            [
                (one["address"], one["attribute"], one["was"], one["is"], one["since"])
                for one in lines
            ],
        )
        return format_html(
            "<table><thead><tr><th>Where</th><th>What</th><th>Was</th><th>Is</th>"
            "<th>Since</th></tr></thead><tbody>{}</tbody></table>",
            rows,
        )

    @admin.display(description="Maintenance window")
    def maintenance(self, obj: Deployment) -> str:
        return windows.told(windows.of(obj.window))

    @admin.display(description="Last checks")
    def last_checks(self, obj: Deployment) -> SafeString | str:
        run = obj.runs.exclude(checks=[]).first()
        if run is None:
            return "none yet"
        return format_html_join(
            SafeString("<br>"),
            "{} {}: {}",
            [
                ("passed" if one["passed"] else "FAILED", one["name"], one["detail"])
                for one in run.checks
            ],
        )


@waiting
def deployments_to_mend(actor: Actor) -> Iterable[dict[str, Any]]:
    """Deployments that broke, are held back or drifted."""
    seen = Deployment.objects.visible_to(actor)
    broken = seen.filter(state="broken").count()
    if broken:
        title = "Broken deployments: retry or destroy"
        yield task(title, Deployment, "state__exact=broken", broken)
    frozen = seen.exclude(frozen="").count()
    if frozen:
        yield task("Rescued states to adopt", Deployment, "frozen=yes", frozen)
    drifted = seen.exclude(drift={}).exclude(state="gone").count()
    if drifted:
        title = "Deployments changed outside: adopt or repair"
        yield task(title, Deployment, "drift=yes", drifted)


@waiting
def runs_that_ended_badly(actor: Actor) -> Iterable[dict[str, Any]]:
    """Deployments that stand, whose newest run did not do what it was for."""
    newest = Run.objects.filter(deployment=models.OuterRef("pk")).order_by("-id")
    seen = Deployment.objects.visible_to(actor).exclude(state__in=("broken", "gone"))
    ends = seen.annotate(last=models.Subquery(newest.values("state")[:1]))
    failed = ends.filter(last__in=ENDED_BADLY).count()
    if failed:
        title = "Runs that failed before they changed anything"
        yield task(title, Run, "state__in=failed,errored,force_canceled", failed)

"""Operators' view of cloud accounts: who is let in where, and what is left there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import admin
from django.db import models
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from paybill_site.kernel.templatetags.paybill_ui import badge, when
from provisioning import actions
from provisioning.admin.tasks import task
from provisioning.clouds import ledger, trust
from provisioning.models import CloudAccount, Network
from provisioning.states import DeploymentState, Health

TONES = {Health.OK: "good", Health.FAILING: "bad", Health.UNTRIED: "warn"}

type Links = Iterable[tuple[str, models.Model | str | None]]


class NetworkInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    model = Network
    fields = readonly_fields = (
        "slot",
        "cidr",
        "deployment",
        "created_at",
        "released_at",
    )
    extra = 0
    can_delete = False
    verbose_name_plural = "Networks given out"

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False


@operators.register(CloudAccount)
class CloudAccountAdmin(VerbAdmin[CloudAccount]):
    """Accounts at clouds; what is not tried against its cloud says so."""

    list_display = ("__str__", "cloud", "state_badge", "health_badge", "use", "method")
    list_filter = ("cloud", "state", "health", "simulation")
    search_fields = ("name", "public_id")
    exclude = ("health", "health_said", "tested_at", "identities", "details", "regions")
    readonly_fields = (
        *("health_badge", "state_badge", "use", "runs_now", "networks_left"),
        *("who", "facts", "where", "to_trust"),
    )
    fieldsets = (
        (None, {"fields": ("neighbours", "cloud", "health_badge", "state_badge")}),
        ("Use", {"fields": ("use", "runs_now", "networks_left", "where")}),
        ("How Paybill gets in", {"fields": ("method", "who", "to_trust")}),
        (
            "What is known of it",
            {
                "fields": (
                    *("facts", "address_pool", "network_prefix"),
                    *("simulation", "endpoint", "public_id", "created_at"),
                )
            },
        ),
    )
    inlines = (NetworkInline,)
    creator = actions.AddCloudAccount
    verbs = (
        actions.TestCloudAccount,
        actions.ChangeCloudAccount,
        actions.PauseCloudAccount,
        actions.ResumeCloudAccount,
    )

    def related(self, obj: CloudAccount) -> Links:
        standing = obj.deployments.exclude(state=DeploymentState.GONE)
        for deployment in standing.select_related("tenant")[:20]:
            yield str(deployment), deployment

    @admin.display(description="Health", ordering="health")
    def health_badge(self, obj: CloudAccount) -> SafeString:
        shown = badge(obj.health, obj.get_health_display(), TONES[Health(obj.health)])
        kind = " (simulated: data on this machine)" if obj.simulation else ""
        if obj.tested_at is None:
            return format_html("{}{}", shown, kind)
        return format_html(
            "{}{} {}: {}", shown, kind, when(obj.tested_at), obj.health_said
        )

    @admin.display(description="Deployments")
    def use(self, obj: CloudAccount) -> str:
        standing = obj.deployments.exclude(state=DeploymentState.GONE).count()
        most = obj.most_deployments
        return f"{standing} of {most}" if most is not None else str(standing)

    @admin.display(description="Runs now")
    def runs_now(self, obj: CloudAccount) -> str:
        return f"{ledger.worked_on(obj)} of {obj.at_once} at the same time"

    @admin.display(description="Networks left")
    def networks_left(self, obj: CloudAccount) -> str:
        taken = obj.networks.filter(released_at=None).count()
        whole = ledger.slots(obj)
        return f"{whole - taken} of {whole}" if whole else "no pool of addresses"

    @admin.display(description="Builds in")
    def where(self, obj: CloudAccount) -> str:
        return ", ".join(obj.regions)

    @admin.display(description="Who Paybill is there")
    def who(self, obj: CloudAccount) -> SafeString | str:
        return _listed(obj.identities) or "nobody in particular"

    @admin.display(description="Facts for stacks")
    def facts(self, obj: CloudAccount) -> SafeString | str:
        return _listed(obj.details) or "none"

    @admin.display(description="What the cloud has to trust")
    def to_trust(self, obj: CloudAccount) -> SafeString:
        rows = _listed(dict(trust.instructions(obj)))
        copies = format_html_join(
            "",
            "<details><summary>{}</summary><pre>{}</pre></details>",
            trust.documents(obj),
        )
        return format_html("{}{}", rows, copies)


def _listed(texts: Mapping[str, str]) -> SafeString:
    rows = format_html_join("", "<dt>{}</dt><dd><code>{}</code></dd>", texts.items())
    return format_html("<dl>{}</dl>", rows) if texts else SafeString()


@waiting
def accounts_to_mend(actor: Actor) -> Iterable[dict[str, Any]]:
    """Accounts that Paybill does not get into any more."""
    seen = CloudAccount.objects.visible_to(actor)
    failing = seen.filter(health=Health.FAILING).count()
    if failing:
        title = "Cloud accounts that fail"
        yield task(title, CloudAccount, "health__exact=failing", failing)

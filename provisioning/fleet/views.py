"""In the portal: when a tenant's infrastructure may be upgraded."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from paybill_site.accounts.principals import actor_of
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.ids import is_id
from provisioning import windows
from provisioning.actions import SetWindow
from provisioning.models import Deployment
from provisioning.states import DeploymentState

NAMES = (
    *("Monday", "Tuesday", "Wednesday", "Thursday"),
    *("Friday", "Saturday", "Sunday"),
)
CLOCK = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class WindowForm(forms.Form):
    """Days on which it begins, and hours on the wall of a place."""

    days = forms.MultipleChoiceField(
        choices=list(zip(windows.DAYS, NAMES, strict=True)),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="On which it begins. Without any: at any time.",
    )
    begins = forms.TimeField(label="From", widget=CLOCK)
    ends = forms.TimeField(
        label="To", widget=CLOCK, help_text="Before “from”: on the next day."
    )
    zone = forms.ChoiceField(
        label="Time zone",
        choices=lambda: [(z, z) for z in sorted(available_timezones())],
    )

    def asked(self) -> dict[str, Any]:
        """What the action is given."""
        given = self.cleaned_data
        times = {name: f"{given[name]:%H:%M}" for name in ("begins", "ends")}
        return {"days": given["days"], "zone": given["zone"], **times}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def window(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show when upgrades may begin, and change it."""
    actor = actor_of(request)
    deployment = _deployment(actor, public_id)
    posted = request.POST if request.method == "POST" else None
    form = WindowForm(posted, initial=_initial(deployment))
    if form.is_bound and form.is_valid():
        try:
            perform(SetWindow, deployment, form.asked(), actor=actor)
        except PaybillError as refusal:
            form.add_error(None, refusal.detail)
        else:
            messages.success(request, "Upgrades keep to these hours from now on.")
            return redirect("provisioning:database", public_id)
    context = {"tenant": deployment.tenant, "form": form, "section": "tenants"}
    status = 422 if form.is_bound else 200
    return render(request, "provisioning/window.html", context, status=status)


def of_tenant(actor: Actor, public_id: str) -> Deployment | None:
    """The tenant's deployment, where there is one that the actor may see."""
    if not is_id(public_id):
        return None
    seen = Deployment.objects.visible_to(actor).filter(tenant__public_id=public_id)
    standing = seen.exclude(state=DeploymentState.GONE)
    found: Deployment | None = standing.select_related("tenant__account").first()
    return found


def _deployment(actor: Actor, public_id: str) -> Deployment:
    found = of_tenant(actor, public_id)
    if found is None:
        raise Http404
    return found


def _initial(deployment: Deployment) -> dict[str, Any]:
    kept = deployment.window
    return {
        "days": kept.get("days", []),
        "begins": kept.get("from", "22:00"),
        "ends": kept.get("to", "04:00"),
        "zone": kept.get("zone", deployment.tenant.account.time_zone),
    }

"""A tenant's database in the portal: back up, look at copies, restore, new log-in.

The customer asks; a worker does it. What is going on is a polled fragment, and the
page works without JavaScript.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from paybill_site.accounts.principals import actor_of
from paybill_site.accounts.stepup import ask_again
from paybill_site.kernel.actions import AnyAction, perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.ids import is_id
from provisioning import windows
from provisioning.actions import (
    RequestBackup,
    RestoreCopy,
    RestoreInPlace,
    RotateCredentials,
)
from provisioning.databases.states import BackupState, JobState
from provisioning.fleet.views import of_tenant
from provisioning.models import Backup, Database, DatabaseCopy, DatabaseJob
from tenants.models import Tenant
from tenants.states import Isolation, PlacementState

LATEST = 20
# What a button of the page asks for: the verb and the words afterwards.
ON_TENANT: dict[str, tuple[AnyAction, str]] = {
    "backup": (RequestBackup, "The backup is on its way."),
    "rotate": (RotateCredentials, "The new log-in is on its way."),
}
ON_BACKUP: dict[str, tuple[AnyAction, str]] = {
    "copy": (RestoreCopy, "The copy is on its way."),
}


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """Backups, copies and what is going on; a fragment of the latter for who polls."""
    actor = actor_of(request)
    tenant = _tenant(actor, public_id)
    if request.method == "POST":
        _do(request, actor, tenant)
        return redirect("provisioning:database", tenant.public_id)
    part = "#work" if request.headers.get("HX-Request") == "true" else ""
    context = _context(actor, tenant)
    return render(request, f"provisioning/database.html{part}", context)


def _do(request: HttpRequest, actor: Actor, tenant: Tenant) -> None:
    asked = request.POST.get("action", "")
    target: Any = tenant
    if asked in ON_BACKUP:
        target = _backup(actor, tenant, request.POST.get("backup", ""))
    verb, words = {**ON_TENANT, **ON_BACKUP}.get(asked, (None, ""))
    if verb is None:
        raise Http404
    try:
        perform(verb, target, actor=actor)
    except PaybillError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, words)


class RestoreForm(forms.Form):
    """The name of the tenant, typed: all that was written since is set aside."""

    name = forms.CharField(
        max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    reason = forms.CharField(max_length=500, help_text="Goes into the audit trail.")

    def __init__(self, tenant: Tenant, *args: Any) -> None:
        super().__init__(*args)
        self.tenant = tenant
        self.fields["name"].label = f"Type “{tenant.name}” to confirm"

    def clean_name(self) -> str:
        typed = str(self.cleaned_data["name"])
        if typed != self.tenant.name:
            raise forms.ValidationError(f"Type “{self.tenant.name}” to confirm.")
        return typed


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def restore(request: HttpRequest, public_id: str, backup: str) -> HttpResponse:
    """Ask whether it is meant, then restore in place."""
    actor = actor_of(request)
    tenant = _tenant(actor, public_id)
    found = _backup(actor, tenant, backup)
    if again := ask_again(request):
        return again
    form = RestoreForm(tenant, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        why = form.cleaned_data["reason"]
        try:
            perform(RestoreInPlace, found, actor=actor, reason=why)
        except PaybillError as refusal:
            form.add_error(None, refusal.detail)
        else:
            messages.success(request, "The restore is on its way.")
            return redirect("provisioning:database", tenant.public_id)
    context = {"tenant": tenant, "backup": found, "form": form, "section": "tenants"}
    status = 422 if form.is_bound else 200
    return render(request, "provisioning/restore.html", context, status=status)


def _tenant(actor: Actor, public_id: str) -> Tenant:
    rows = Tenant.objects.visible_to(actor).select_related("account")
    tenant = rows.filter(public_id=public_id).first() if is_id(public_id) else None
    if tenant is None:
        raise Http404
    return tenant


def _backup(actor: Actor, tenant: Tenant, public_id: str) -> Backup:
    rows = Backup.objects.visible_to(actor).filter(tenant=tenant)
    found = rows.filter(public_id=public_id).first() if is_id(public_id) else None
    if found is None:
        raise Http404
    return found


def _context(actor: Actor, tenant: Tenant) -> dict[str, Any]:
    backups = Backup.objects.visible_to(actor).filter(tenant=tenant)
    jobs = DatabaseJob.objects.visible_to(actor).filter(tenant=tenant)
    copies = DatabaseCopy.objects.visible_to(actor).filter(
        tenant=tenant, dropped_at=None, made_at__isnull=False
    )
    taken = tenant.placements.filter(state=PlacementState.TAKEN).first()
    deployment = of_tenant(actor, tenant.public_id)
    active = [JobState.QUEUED, JobState.RUNNING]
    return {
        "tenant": tenant,
        "placement": taken,
        "database": Database.objects.filter(placement=taken).first(),
        "backups": backups.exclude(state=BackupState.DELETED)[:LATEST],
        "copies": copies.exclude(purpose="drill")[:LATEST],
        "jobs": jobs[:5],
        "busy": jobs.filter(state__in=active).exists(),
        "may": {
            verb: _may(actor, tenant, f"provisioning.{verb}")
            for verb in (
                "request_backup",
                "copy_backup",
                "restore_backup",
                "rotate_database",
                "set_window",
            )
        },
        "deployment": deployment,
        "window": windows.told(windows.of(deployment.window)) if deployment else "",
        "own": taken is not None and taken.kind == Isolation.BRIDGE,
        "section": "tenants",
    }


def _may(actor: Actor, tenant: Tenant, permission: str) -> bool:
    return actor.may(permission) or (
        tenant.account.public_id in actor.accounts_with(permission)
    )

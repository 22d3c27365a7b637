"""The time zone of an account: in whose days and months it is billed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from billing.actions.zones import SetTimeZone, TimeZone, names
from billing.portal.acting import fill_in
from billing.portal.finding import find_account, may
from billing.portal.overview import frame
from paybill_site.kernel import actors
from paybill_site.kernel.forms import form_for


class ZoneForm(form_for(TimeZone)):  # type: ignore[misc]  # made at run time
    """The form of the action, with the zones to choose from."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(name, name.replace("_", " ")) for name in names()]
        self.fields["time_zone"] = forms.ChoiceField(label="Time zone", choices=choices)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def zone(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show and change it."""
    account, actor = find_account(request, public_id), actors.of_request(request)
    posted = request.POST if request.method == "POST" else None
    form = ZoneForm(posted, initial={"time_zone": account.time_zone})
    good = form.is_bound and form.is_valid()
    if good and fill_in(request, SetTimeZone, account, form):
        chosen = form.cleaned_data["time_zone"]
        messages.success(request, f"Days and months are those of {chosen} from now on.")
        return redirect("billing:details", public_id)
    context = {
        **frame(account, "details"),
        "form": form,
        "may_change": may(actor, SetTimeZone, account),
    }
    status = 422 if form.is_bound else 200
    return render(request, "billing/time_zone.html", context, status=status)

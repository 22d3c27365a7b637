"""Billing details: whom invoices are for, and what their tax depends on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from billing import countries
from billing.actions.details import BillingDetails, SetBillingDetails
from billing.portal.acting import fill_in
from billing.portal.finding import customer_of, find_account, may
from billing.portal.overview import frame
from paybill_site.kernel import actors
from paybill_site.kernel.forms import InputForm, form_for
from tenants.models import Account

# What browsers fill in by themselves: nobody types an address twice.
FILLED = {
    "name": "organization",
    "email": "email",
    "street": "street-address",
    "postcode": "postal-code",
    "city": "address-level2",
    "country": "country",
}


class DetailsForm(form_for(BillingDetails)):  # type: ignore[misc]  # made at run time
    """The form of the action, with countries by name."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [("", "Choose a country"), *countries.names().items()]
        self.fields["country"] = forms.ChoiceField(label="Country", choices=choices)
        for name, filled in FILLED.items():
            self.fields[name].widget.attrs["autocomplete"] = filled


def form_of(account: Account, given: Any = None) -> InputForm:
    """The form with what is known of the account's customer."""
    customer = customer_of(account)
    known = {"name": account.name}
    if customer is not None:
        names = BillingDetails.model_fields
        known = {name: getattr(customer, name) for name in names}
    form: InputForm = DetailsForm(given, initial=known)
    return form


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show and change them."""
    account, actor = find_account(request, public_id), actors.of_request(request)
    form = form_of(account, request.POST if request.method == "POST" else None)
    good = form.is_bound and form.is_valid()
    if good and fill_in(request, SetBillingDetails, account, form):
        messages.success(request, "The next invoice is made out to this.")
        return redirect("billing:details", public_id)
    context = {
        **frame(account, "details"),
        "form": form,
        "may_change": may(actor, SetBillingDetails, account),
    }
    status = 422 if form.is_bound else 200
    return render(request, "billing/details.html", context, status=status)

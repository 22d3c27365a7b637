"""Writing a plan, with what a customer would pay for it before it is sold."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from billing import actions
from billing.catalogue import differences, document, writing
from billing.catalogue.errors import CatalogueInvalid
from billing.catalogue.preview import preview_terms
from billing.catalogue.terms import PlanInput
from billing.models import Plan
from billing.rating.prices import Refused
from billing.states import PriceKind
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.admin import operators
from paybill_site.kernel.errors import PaybillError

MAY = "billing.add_plan"
MOST = 10**12
ASKED = {PriceKind.SEAT, PriceKind.USAGE}
# The fields of quantities, so that a price called "text" is not the text.
QUANTITY = "quantity-"


class PlanForm(forms.Form):
    """A plan as it stands in the catalogue's file, and quantities to try it with."""

    text = forms.CharField(
        strip=False,
        max_length=100_000,
        label="Plan",
        help_text="YAML, as in the catalogue's file. It becomes a new version.",
        widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "false"}),
    )

    def ask(self, terms: PlanInput) -> None:
        """A number for each price that depends on one; what was typed is read again."""
        for price in terms.all_prices:
            if price.kind in ASKED:
                self.fields[f"{QUANTITY}{price.code}"] = forms.DecimalField(
                    label=price.name,
                    min_value=0,
                    max_value=MOST,
                    decimal_places=6,
                    required=False,
                    initial=1 if price.kind == PriceKind.SEAT else 0,
                    help_text=str(price.kind.label),
                )

    @property
    def quantities(self) -> dict[str, Decimal]:
        """What is to be tried, by the code of the price."""
        return {
            name.removeprefix(QUANTITY): Decimal(value)
            for name, value in self.cleaned_data.items()
            if name.startswith(QUANTITY) and value is not None
        }


@operators.page("billing/plans/<slug:code>/write/", "billing_plan_write", MAY)
def write(request: HttpRequest, site: Any, code: str) -> HttpResponse:
    """The newest version to begin with; what is written is tried, shown, and sold."""
    newest = Plan.objects.filter(code=code).order_by("-version").first()
    if newest is None:
        raise Http404
    given = request.POST if request.method == "POST" else None
    form = PlanForm(given, initial={"text": writing.written_plan(newest)})
    terms = _terms(form)
    if terms is not None and "confirm" in request.POST:
        done = _sold(request, terms, form)
        if done is not None:
            return done
    context = {
        **site.each_context(request),
        "title": f"New version of {newest.name}",
        "form": form,
        "plan": newest,
        "terms": terms,
        "lines": _lines(terms),
        "quotes": _quotes(terms, form),
    }
    return TemplateResponse(request, "admin/catalogue/plan.html", context)


def _terms(form: PlanForm) -> PlanInput | None:
    """What is written, if it can be read; what is wrong stands at the text."""
    if form.is_bound and not form.is_valid():
        return None
    text = form.cleaned_data["text"] if form.is_bound else form.initial["text"]
    try:
        terms = document.read_plan(text)
    except CatalogueInvalid as mistakes:
        for told in mistakes.told:
            form.add_error("text", told)
        return None
    form.ask(terms)
    if form.is_bound:
        form.full_clean()
    return terms


def _sold(
    request: HttpRequest, terms: PlanInput, form: PlanForm
) -> HttpResponse | None:
    try:
        actor = actors.of_request(request)
        plan = perform(actions.CreatePlan, None, terms, actor=actor).result
    except PaybillError as refusal:
        form.add_error(None, refusal.detail)
        return None
    messages.success(request, f"{plan}: {plan.get_state_display()}")
    return HttpResponseRedirect(reverse("admin:billing_plan_changelist"))


def _lines(terms: PlanInput | None) -> list[str]:
    """What the new version changes."""
    difference = differences.of_plan(terms) if terms else None
    return difference.told() if difference else []


def _quotes(terms: PlanInput | None, form: PlanForm) -> list[dict[str, Any]]:
    """The first period and a normal one, in each of the currencies."""
    if terms is None or (form.is_bound and not form.is_valid()):
        return []
    quantities = form.quantities if form.is_bound else {}
    try:
        return list(_each(terms, quantities))
    except Refused as error:
        form.add_error(None, str(error))
        return []


def _each(terms: PlanInput, quantities: dict[str, Decimal]) -> Iterable[dict[str, Any]]:
    for currency in dict.fromkeys(price.currency for price in terms.all_prices):
        found = preview_terms(terms, quantities, currency)
        names = ("First period", "A normal period")
        for name, quote in zip(names, found, strict=True):
            yield {"name": f"{name}, {currency}", "currency": currency, "quote": quote}

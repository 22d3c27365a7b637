"""What a plan would cost for so many seats and so much usage, before anybody buys."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing import pages
from billing.catalogue.preview import preview
from billing.models import Plan
from billing.portal import prices
from billing.rating.prices import Refused
from billing.rating.quotes import Quoted
from billing.states import PlanKind, PriceKind
from paybill_site.kernel import actors

MOST = 10**12
ASKED = (PriceKind.SEAT, PriceKind.USAGE)


class EstimateForm(forms.Form):
    """A number for each price that depends on one, and for each add-on."""

    def __init__(self, plan: Plan, addons: list[Plan], given: Any) -> None:
        super().__init__(given or None)
        for price in pages.of(plan):
            if price.kind in ASKED:
                self._ask(price.code, price.name, prices.in_words(price), price.kind)
        for addon in addons:
            words = "; ".join(map(prices.in_words, pages.of(addon)))
            self._ask(f"addon-{addon.code}", addon.name, words, PriceKind.USAGE)

    def _ask(self, name: str, label: str, words: str, kind: str) -> None:
        self.fields[name] = forms.DecimalField(
            label=label,
            help_text=words[:1].upper() + words[1:],
            min_value=0,
            max_value=MOST,
            max_digits=20,
            decimal_places=6,
            required=False,
            initial=1 if kind == PriceKind.SEAT else 0,
            widget=forms.NumberInput(attrs={"min": 0, "step": "any"}),
        )

    def quantities(self) -> dict[str, Decimal]:
        """What was asked for, by the code of the price; the rest as it begins."""
        given = self.cleaned_data if self.is_bound else {}
        found = {
            name: field.initial if given.get(name) is None else given[name]
            for name, field in self.fields.items()
        }
        return {name: Decimal(value) for name, value in found.items()}


@require_safe
def estimate(request: HttpRequest, code: str) -> HttpResponse:
    """The lines of a first and of a normal period, each with why."""
    actor = actors.of_request(request)
    sold = Plan.objects.visible_to(actor).on_sale().prefetch_related("prices")
    every = list(sold)
    plan = next((p for p in every if (p.code, p.kind) == (code, PlanKind.BASE)), None)
    if plan is None:
        raise Http404
    addons = pages.beside(plan, [p for p in every if p.kind == PlanKind.ADDON])
    form = EstimateForm(plan, addons, request.GET)
    quotes: list[dict[str, Any]] = []
    if not form.is_bound or form.is_valid():
        quotes = _quotes(plan, addons, form)
    context = {
        "plan": plan,
        "every": prices.spoken_every(plan.every),
        "form": form,
        "quotes": quotes,
        "section": "tenants",
    }
    status = 422 if form.errors else 200
    return render(request, "billing/estimate.html", context, status=status)


def _quotes(plan: Plan, addons: list[Plan], form: EstimateForm) -> list[dict[str, Any]]:
    """The first period and a normal one; one of them where they are the same."""
    try:
        found = list(_each(plan, addons, form.quantities()))
    except Refused as error:
        form.add_error(None, str(error))
        return []
    first, normal = found
    names = ("Your first period", "Each period after that")
    if first["total"] == normal["total"]:
        return [{**normal, "name": "Each period"}]
    return [{**quote, "name": n} for n, quote in zip(names, found, strict=True)]


def _each(
    plan: Plan, addons: list[Plan], wanted: dict[str, Decimal]
) -> Iterator[dict[str, Any]]:
    own = preview(plan, wanted)
    taken = [
        (addon, wanted[f"addon-{addon.code}"])
        for addon in addons
        if wanted.get(f"addon-{addon.code}")
    ]
    others = [
        preview(addon, {price.code: count for price in pages.of(addon)}, plan.currency)
        for addon, count in taken
    ]
    for n, quote in enumerate(own):
        lines = [_line(line) for line in quote.lines]
        for several in others:
            lines += [_line(line) for line in several[n].lines]
        yield {"lines": lines, "total": sum(line["amount"] for line in lines)}


def _line(line: Quoted) -> dict[str, Any]:
    period = {"start": line.period.start, "end": line.period.end}
    return {
        "description": line.name,
        "why": line.why,
        "amount": line.amount,
        "period": period,
    }

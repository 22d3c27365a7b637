"""Order a plan with all that can be chosen: seats, add-ons, region, code, details.

Each step is an action of its own (the tenant's draft, whom invoices are for, the code,
the subscription), and each may be done twice: what is refused in the middle is said on
the form, and sending it again goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from billing import pages, taxing
from billing.actions.coupons import RedeemCode
from billing.actions.details import SetBillingDetails
from billing.actions.subscriptions import Subscribe
from billing.errors import CodeRedeemed
from billing.models import Customer, Plan
from billing.portal import prices
from billing.portal.acting import blame
from billing.portal.details import DetailsForm, form_of
from billing.portal.finding import customer_of
from billing.states import PlanKind, PriceKind
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.forms import InputForm
from tenants import slugs, starting
from tenants.errors import SlugRefused, SlugTaken
from tenants.models import Account, Tenant
from tenants.states import Isolation

MOST = 1_000_000
SEATS, ADDON = "seats-", "addon-"


class OrderForm(forms.Form):
    """What is chosen of a plan; the name of a tenant that there is not yet."""

    def __init__(
        self, plan: Plan, addons: list[Plan], given: Any, *, named: bool
    ) -> None:
        super().__init__(given or None)
        if not named:
            self._name_it()
        for price in pages.of(plan):
            if price.kind == PriceKind.SEAT:
                self._count(f"{SEATS}{price.code}", price.name, [price], 1)
        for addon in addons:
            self._count(f"{ADDON}{addon.code}", addon.name, pages.of(addon), 0)
        if len(plan.regions) > 1:
            choices = [(name, name) for name in plan.regions]
            self.fields["region"] = forms.ChoiceField(choices=choices, required=False)
        self._place(plan)
        if not plan.free:
            self.fields["code"] = forms.CharField(
                label="Promotion code", max_length=40, required=False
            )

    def _place(self, plan: Plan) -> None:
        """How it is isolated and how large it is, where the plan leaves a choice."""
        kinds = [(kind, Isolation(kind).label) for kind in plan.isolations]
        sizes = [(size, size.capitalize()) for size in plan.sizes]
        for name, choices in (("isolation", kinds), ("size", sizes)):
            if len(choices) > 1:
                self.fields[name] = forms.ChoiceField(
                    choices=choices, required=False, initial=getattr(plan, name)
                )

    def _name_it(self) -> None:
        self.fields["name"] = forms.CharField(max_length=120, label="Name")
        self.fields["slug"] = forms.CharField(
            max_length=slugs.LONGEST,
            label="Address",
            help_text=f"Small letters, digits and hyphens, before"
            f" {starting.slug_suffix()}; it can not be changed later.",
        )

    def _count(self, name: str, label: str, of: list[Any], first: int) -> None:
        words = "; ".join(map(prices.in_words, of))
        self.fields[name] = forms.IntegerField(
            label=label,
            help_text=words[:1].upper() + words[1:],
            min_value=0,
            max_value=MOST,
            initial=first,
        )

    def counts(self, prefix: str) -> dict[str, int]:
        """How many of each that was chosen, by code."""
        return {
            name.removeprefix(prefix): count
            for name, count in self.cleaned_data.items()
            if name.startswith(prefix) and (count or prefix == SEATS)
        }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, code: str) -> HttpResponse:
    """The form, and the way to the payment."""
    plan, addons = _sold(request, code)
    tenant = pages.draft(request)
    posted = request.POST if request.method == "POST" else None
    form = OrderForm(plan, addons, posted, named=tenant is not None)
    if posted is None:
        form.initial = {name: request.GET.get(name, "") for name in ("name", "slug")}
        form.initial |= {
            name: value[:10]
            for name, value in request.GET.items()
            if name.startswith((SEATS, ADDON)) and name in form.fields
        }
        form.initial = {name: value for name, value in form.initial.items() if value}
    account = tenant.account if tenant else own_account(request)
    details = _details(account, posted) if not plan.free else None
    if form.is_bound and _good(form, details):
        answer = _place(request, plan, form, details, tenant)
        if answer is not None:
            return answer
    context = {
        "plan": plan,
        "every": prices.spoken_every(plan.every),
        "words": [prices.in_words(price) for price in pages.besides(plan)],
        "tenant": tenant,
        "form": form,
        "details": details,
        "taxed": bool(taxing.seller_country()),
        "section": "tenants",
    }
    status = 422 if form.is_bound else 200
    return render(request, "billing/order.html", context, status=status)


def wanted_first(account: Account | None, plan: Plan) -> bool:
    """Whether tax needs to know the customer before the first invoice."""
    if plan.free or not taxing.seller_country():
        return False
    customer = customer_of(account) if account else None
    return customer is None or not customer.country


def _sold(request: HttpRequest, code: str) -> tuple[Plan, list[Plan]]:
    actor = actors.of_request(request)
    sold = Plan.objects.visible_to(actor).on_sale().prefetch_related("prices")
    every = list(sold)
    plan = next((p for p in every if (p.code, p.kind) == (code, PlanKind.BASE)), None)
    if plan is None:
        raise Http404
    addons = [p for p in every if p.kind == PlanKind.ADDON]
    return plan, pages.beside(plan, addons)


def own_account(request: HttpRequest) -> Account | None:
    """The account in which the person may start tenants, if there is one yet."""
    held = actors.of_request(request).accounts_with(starting.PERMISSION)
    rows = Account.objects.filter(public_id__in=held).select_related("customer")
    return rows.order_by("pk").first()


def _details(account: Account | None, posted: Any) -> InputForm:
    form: InputForm = form_of(account, posted) if account else DetailsForm(posted)
    form.prefix = "to"
    return form


def _good(form: OrderForm, details: InputForm | None) -> bool:
    # Both are asked, so that everything that is wrong is said at once.
    return all([form.is_valid(), details is None or details.is_valid()])


def _place(
    request: HttpRequest,
    plan: Plan,
    form: OrderForm,
    details: InputForm | None,
    tenant: Tenant | None,
) -> HttpResponse | None:
    """Do it step by step; None: the form says what was refused."""
    chosen: Mapping[str, Any] = form.cleaned_data
    try:
        if tenant is None:
            tenant = starting.start_tenant(request, chosen["name"], chosen["slug"])
        actor = actors.of_request(request)
        if details is not None:
            customer = perform(
                SetBillingDetails,
                tenant.account,
                details.data_input().model_dump(),
                actor=actor,
            ).result
            _redeem(request, customer, chosen.get("code", ""))
        data = {
            "plan": plan.code,
            "region": chosen.get("region", ""),
            "isolation": chosen.get("isolation", ""),
            "size": chosen.get("size", ""),
            "seats": form.counts(SEATS),
            "addons": form.counts(ADDON),
        }
        outcome = perform(Subscribe, tenant, data, actor=actor)
    except (SlugRefused, SlugTaken) as error:
        form.add_error("slug" if "slug" in form.fields else None, error.detail)
        return None
    except PaybillError as error:
        blame(form, error)
        return None
    if outcome.output["invoice"]:
        return redirect("billing:pay", outcome.output["invoice"])
    return redirect(starting.progress_url(tenant))


def _redeem(request: HttpRequest, customer: Customer, code: str) -> None:
    """Redeem a code; one that the customer has already is as good."""
    if not code:
        return
    try:
        perform(RedeemCode, customer, {"code": code}, actor=actors.of_request(request))
    except CodeRedeemed:
        return
    except PaybillError as error:
        error.members.setdefault("field", "code")
        raise

"""Pages of the portal: the catalogue, paying, invoices. Plain forms and redirects."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from billing import gateways, pages
from billing.actions import Subscribe
from billing.forms import NewTenantForm, PlanForm
from billing.models import Invoice, Plan
from billing.portal.finding import find_account
from billing.portal.ordering import own_account, wanted_first
from billing.portal.overview import frame
from billing.states import InvoiceState
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import NotFound, PaybillError
from tenants import starting
from tenants.errors import SlugRefused, SlugTaken
from tenants.models import Tenant

PER_PAGE = 50
PAYABLE = frozenset({InvoiceState.OPEN, InvoiceState.UNCOLLECTIBLE})


@require_http_methods(["GET", "HEAD", "POST"])
def plans(request: HttpRequest) -> HttpResponse:
    """The catalogue. Signed in, one chooses here, for a new tenant or a draft."""
    actor = actors.of_request(request)
    if not request.user.is_authenticated:
        return _catalogue(request, actor, None, None)
    tenant = pages.draft(request)
    form = _plan_form(request, actor, tenant)
    if request.method == "POST" and form.is_valid():
        answer = _choose(request, form, tenant)
        if answer is not None:
            return answer
    return _catalogue(request, actor, form, tenant)


def _plan_form(request: HttpRequest, actor: Actor, tenant: Tenant | None) -> PlanForm:
    kind = NewTenantForm if tenant is None else PlanForm
    on_sale = Plan.objects.visible_to(actor).on_sale().bases()
    if request.method == "POST":
        return kind(request.POST, plans=on_sale)
    return kind(initial={"plan": request.GET.get("plan", "")}, plans=on_sale)


def _catalogue(
    request: HttpRequest, actor: Actor, form: PlanForm | None, tenant: Tenant | None
) -> HttpResponse:
    context = {
        "form": form,
        "tenant": tenant,
        "plans": pages.on_sale(actor),
        "slug_suffix": starting.slug_suffix(),
        "section": "tenants",
    }
    invalid = form is not None and form.is_bound
    return render(request, "portal/plans.html", context, status=422 if invalid else 200)


def _choose(
    request: HttpRequest, form: PlanForm, tenant: Tenant | None
) -> HttpResponse | None:
    """Start the tenant if need be, then subscribe it; None: the form has errors.

    Where tax has to know the customer first, the order is filled in on its own page.
    """
    chosen: dict[str, Any] = form.cleaned_data
    account = tenant.account if tenant else own_account(request)
    if wanted_first(account, form.plans[chosen["plan"]]):
        return redirect(_order_url(chosen, tenant))
    try:
        if tenant is None:
            tenant = starting.start_tenant(request, chosen["name"], chosen["slug"])
        actor = actors.of_request(request)
        wanted = {"plan": chosen["plan"], "region": chosen.get("region", "")}
        outcome = perform(Subscribe, tenant, wanted, actor=actor)
    except (SlugRefused, SlugTaken) as error:
        form.add_error("slug", error.detail)
        return None
    except PaybillError as error:
        form.add_error(None, error.detail)
        return None
    if outcome.output["invoice"]:
        return redirect("billing:pay", outcome.output["invoice"])
    return redirect(starting.progress_url(tenant))


@login_required
@require_safe
def pay(request: HttpRequest, public_id: str) -> HttpResponse:
    """How to pay an open invoice; one that is not open leads to its own page."""
    invoice = find_invoice(request, public_id)
    if invoice.state not in PAYABLE:
        return redirect("billing:invoice", invoice.public_id)
    try:
        gateway = gateways.named(request.GET.get("via", ""))
    except NotFound as error:
        raise Http404 from error
    return render(request, "portal/pay.html", pages.payment(invoice, gateway))


def _order_url(chosen: dict[str, Any], tenant: Tenant | None) -> str:
    address = reverse("billing:order", args=[chosen["plan"]])
    if tenant is not None:
        return f"{address}?{urlencode({'tenant': tenant.public_id})}"
    named = {name: chosen[name] for name in ("name", "slug")}
    return f"{address}?{urlencode(named)}"


def find_invoice(request: HttpRequest, public_id: str) -> Invoice:
    """An invoice that the person may see, once it is one. Raises Http404."""
    rows = Invoice.objects.visible_to(actors.of_request(request))
    rows = rows.exclude(state=InvoiceState.DRAFT)
    found = (
        rows.select_related(
            "customer__account", "tenant__account", "subscription__plan"
        )
        .prefetch_related("lines", "payments", "credit_notes")
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


@login_required
@require_safe
def invoices(request: HttpRequest) -> HttpResponse:
    """All invoices of the person's accounts, newest first."""
    rows = Invoice.objects.visible_to(actors.of_request(request))
    context = {"page": _page(request, rows), "section": "billing"}
    return render(request, "billing/invoices.html", context)


@login_required
@require_safe
def account_invoices(request: HttpRequest, public_id: str) -> HttpResponse:
    """The invoices of one account."""
    account = find_account(request, public_id)
    rows = Invoice.objects.visible_to(actors.of_request(request))
    page = _page(request, rows.filter(customer__account=account))
    context = {**frame(account, "invoices"), "page": page}
    return render(request, "billing/account_invoices.html", context)


def _page(request: HttpRequest, rows: QuerySet[Invoice]) -> Page[Invoice]:
    shown = rows.exclude(state=InvoiceState.DRAFT).select_related("tenant")
    pages = Paginator(shown.order_by("-id"), PER_PAGE)
    return pages.get_page(request.GET.get("page"))


@login_required
@require_safe
def invoice(request: HttpRequest, public_id: str) -> HttpResponse:
    """One invoice: its lines, why each amounts to what it does, and its payments."""
    found = find_invoice(request, public_id)
    context = {
        "invoice": pages.summary(found),
        "account": found.customer.account,
        "tenant": found.tenant,
        "subscription": found.subscription,
        "payments": found.payments.all(),
        "credit_notes": found.credit_notes.all(),
        "pay_url": pages.pay_url(found) if found.state in PAYABLE else "",
        "pdf_url": reverse("billing:invoice_pdf", args=[found.public_id]),
        "section": "billing",
    }
    return render(request, "billing/invoice.html", context)

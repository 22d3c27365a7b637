"""The first steps of a customer: an account when there is none, then a draft tenant."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from paybill_site.accounts.principals import actor_of
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.limits import throttle
from tenants.actions import AccountInput, OpenAccount, StartInput, StartTenant
from tenants.models import Account, Tenant
from tenants.states import TenantState

PERMISSION = "tenants.add_tenant"
STARTS, HOUR = 30, timedelta(hours=1)


def start_tenant(request: HttpRequest, name: str, slug: str) -> Tenant:
    """Draft a tenant in the account of whoever asks; the same again is the same one.

    Raises SlugRefused, SlugTaken and TooMany. A crash after the account was opened
    loses nothing: the next try finds the account.
    """
    throttle("start", actor_of(request).id, most=STARTS, window=HOUR)
    account = own_account(request)
    drafts = account.tenants.filter(state=TenantState.DRAFT)
    mine = drafts.filter(slug=slug, name=name).first()
    if mine is not None:  # sent twice, or gone back and forth
        return mine
    data = StartInput(name=name, slug=slug)
    return perform(StartTenant, account, data, actor=actor_of(request)).result


def own_account(request: HttpRequest) -> Account:
    """The account in which the person may start tenants, opened if there is none."""
    actor = actor_of(request)
    held = actor.accounts_with(PERMISSION)
    if held:
        return Account.objects.filter(public_id__in=held).earliest("id")
    named = AccountInput(name=actor.label[:120])
    opened = perform(OpenAccount, None, named, actor=actor, key="first-account")
    # What the person holds was read before it had the account.
    request.actor = actors.of_user(request.user, via=actor.via)  # type: ignore[attr-defined]
    return opened.result


def slug_suffix() -> str:
    """What follows the slug in an address: ``.localhost:8000``."""
    _, _, authority = settings.PAYBILL_BASE_URL.partition("://")
    _, colon, port = authority.partition(":")
    return f".{settings.PAYBILL_TENANT_DOMAIN}{colon}{port}"


def progress_url(tenant: Tenant) -> str:
    return reverse("portal:progress", args=[tenant.public_id])

"""A tenant from draft to closed, and the account that owns it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError
from django.utils import timezone
from pydantic import Field

from paybill_site.kernel import events, planes
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from tenants import entitlements, entry, slugs
from tenants.errors import NoPlace, NotLive, SlugTaken
from tenants.events import (
    TenantClosed,
    TenantClosing,
    TenantLive,
    TenantResumed,
    TenantSuspended,
)
from tenants.machines import PLACEMENT, TENANT
from tenants.models import Account, Domain, Membership, Placement, Tenant
from tenants.states import (
    BY_BILLING,
    PlacementState,
    Role,
    Suspension,
    TenantState,
)


class AccountInput(Input):
    name: str = Field(min_length=1, max_length=120, title="Name of the account")


class OpenAccount(Action[None, AccountInput, Account]):
    """Open a customer's account; whoever opens it is its owner."""

    model = Account
    Input = AccountInput
    permission = "tenants.open_account"
    creates = True

    def run(self, target: None, data: AccountInput, *, actor: Actor) -> Account:
        account = Account.objects.create(name=data.name, created_by=actor.id)
        Membership.objects.create(
            account=account, user=actor.id, email=actor.label, role=Role.OWNER
        )
        return account


class StartInput(Input):
    name: str = Field(min_length=1, max_length=120, title="Name")
    slug: str = Field(
        max_length=slugs.LONGEST,
        title="Address",
        description="Small letters, digits and hyphens; it can not be changed later.",
    )


class StartTenant(Action[Account, StartInput, Tenant]):
    """Draft a tenant: its name and its address. Nothing is built yet."""

    model = Account
    Input = StartInput
    permission = "tenants.add_tenant"

    def run(self, target: Account, data: StartInput, *, actor: Actor) -> Tenant:
        slug = slugs.check_free(data.slug)
        try:
            with planes.atomic():
                return Tenant.objects.create(
                    account=target,
                    name=data.name,
                    slug=slug,
                    slug_skeleton=slugs.skeleton(slug),
                )
        except IntegrityError as error:
            raise SlugTaken from error

    def recall(self, output: Mapping[str, Any]) -> Tenant | None:
        return Tenant._base_manager.filter(public_id=output["id"]).first()


class ActivateTenant(Action[Tenant, NoInput, Tenant]):
    """Open a tenant to its members: its place is ready and licensed."""

    model = Tenant
    permission = "tenants.activate_tenant"
    legal_in = frozenset({TenantState.PROVISIONING})

    def run(self, target: Tenant, data: NoInput, *, actor: Actor) -> Tenant:
        if not target.placements.filter(state=PlacementState.TAKEN).exists():
            raise NoPlace
        if target.state == TenantState.LIVE:  # it moved to a new place
            return target
        TENANT.move(target, TenantState.LIVE)
        target.live_at = target.live_at or timezone.now()
        target.save(update_fields=["live_at"])
        events.emit(TenantLive(tenant=target.public_id))
        return target


class SuspendInput(Input):
    cause: Suspension = Field(default=Suspension.OPERATOR, title="Cause")


class SuspendTenant(Action[Tenant, SuspendInput, Tenant]):
    """Close a tenant to its members at once; its data and infrastructure are kept."""

    model = Tenant
    Input = SuspendInput
    permission = "tenants.suspend_tenant"
    danger = Danger.CAREFUL
    legal_in = frozenset({TenantState.LIVE})

    def run(self, target: Tenant, data: SuspendInput, *, actor: Actor) -> Tenant:
        TENANT.move(target, TenantState.SUSPENDED)
        target.suspension = data.cause or Suspension.OPERATOR
        target.save(update_fields=["suspension"])
        entitlements.renew(target)
        events.emit(TenantSuspended(tenant=target.public_id, cause=target.suspension))
        return target


class ExplainSuspension(Action[Tenant, SuspendInput, Tenant]):
    """Note that a tenant that billing closed stays closed for another cause."""

    model = Tenant
    Input = SuspendInput
    permission = "tenants.suspend_tenant"
    legal_in = frozenset({TenantState.SUSPENDED})

    def run(self, target: Tenant, data: SuspendInput, *, actor: Actor) -> Tenant:
        if target.suspension in BY_BILLING and data.cause in BY_BILLING:
            target.suspension = data.cause
            target.save(update_fields=["suspension"])
            entitlements.renew(target)
        return target


class ResumeTenant(Action[Tenant, NoInput, Tenant]):
    """Open a suspended tenant to its members again."""

    model = Tenant
    permission = "tenants.resume_tenant"
    danger = Danger.CAREFUL
    legal_in = frozenset({TenantState.SUSPENDED})

    def run(self, target: Tenant, data: NoInput, *, actor: Actor) -> Tenant:
        TENANT.move(target, TenantState.LIVE)
        cause, target.suspension = target.suspension, Suspension.NONE
        target.save(update_fields=["suspension"])
        entitlements.renew(target)
        events.emit(TenantResumed(tenant=target.public_id, cause=cause))
        return target


class CloseTenant(Action[Tenant, NoInput, Tenant]):
    """Close a tenant for good: its place is taken down and its data deleted."""

    model = Tenant
    permission = "tenants.close_tenant"
    danger = Danger.DESTRUCTIVE
    legal_in = frozenset(TenantState) - {TenantState.CLOSING, TenantState.CLOSED}

    def run(self, target: Tenant, data: NoInput, *, actor: Actor) -> Tenant:
        if target.state == TenantState.DRAFT:
            TENANT.move(target, TenantState.CLOSED)
            events.emit(TenantClosed(tenant=target.public_id))
            return target
        TENANT.move(target, TenantState.CLOSING)
        events.emit(TenantClosing(tenant=target.public_id))
        return target


class FinishClosing(Action[Tenant, NoInput, Tenant]):
    """Note that the place of a closing tenant is gone; its address becomes free."""

    model = Tenant
    permission = "tenants.finish_closing_tenant"
    legal_in = frozenset({TenantState.CLOSING})

    def run(self, target: Tenant, data: NoInput, *, actor: Actor) -> Tenant:
        Domain.objects.filter(tenant__tenant=target).delete()
        for placement in Placement.objects.filter(
            tenant=target, state=PlacementState.TAKEN
        ):
            PLACEMENT.move(placement, PlacementState.RETIRED)
        TENANT.move(target, TenantState.CLOSED)
        events.emit(TenantClosed(tenant=target.public_id))
        return target


class EntryInput(Input):
    """What the tenant's host sent the browser with (OAuth 2.0 code flow with PKCE)."""

    host: str = Field(max_length=253)
    challenge: str = Field(pattern=r"^[A-Za-z0-9_-]{43}$")
    state: str = Field(pattern=r"^[A-Za-z0-9_-]{22,64}$")
    proved_at: int = Field(
        0, ge=0, lt=2**40, description="when the person proved who it is"
    )


class IssueEntry(Action[Tenant, EntryInput, str]):
    """Let a member into a tenant: a signed code for one host, once, within a minute."""

    model = Tenant
    Input = EntryInput
    permission = "tenants.enter_tenant"

    def run(self, target: Tenant, data: EntryInput, *, actor: Actor) -> str:
        if target.state != TenantState.LIVE:
            raise NotLive
        domain = entry.domain_of(target, data.host)
        member = entry.member_of(target, actor)
        code = entry.code_for(
            target, domain, member, challenge=data.challenge, proved_at=data.proved_at
        )
        return entry.callback(domain, code=code, state=data.state)

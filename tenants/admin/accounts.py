"""Accounts, tenants, places and people."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models

from paybill_site.kernel.admin import VerbAdmin, operators
from tenants import actions
from tenants.models import (
    Account,
    Domain,
    Entitlement,
    Invitation,
    Membership,
    Placement,
    Tenant,
)

type Links = Iterable[tuple[str, models.Model | str | None]]


@operators.register(Account)
class AccountAdmin(VerbAdmin[Account]):
    """Customers."""

    list_display = ("name", "public_id", "created_at")
    search_fields = ("name", "public_id")
    verbs = (actions.InviteMember,)

    def related(self, obj: Account) -> Links:
        for member in obj.memberships.all()[:10]:
            yield f"{member.role} {member.email}", member
        for tenant in obj.tenants.all()[:20]:
            yield f"tenant {tenant.name}", tenant


@operators.register(Membership)
class MembershipAdmin(VerbAdmin[Membership]):
    """Who belongs to which account."""

    list_display = ("email", "role", "account", "created_at")
    list_filter = ("role",)
    list_select_related = ("account",)
    search_fields = ("email", "user", "public_id", "account__name")
    verbs = (actions.ChangeRole, actions.RevokeMembership)

    def related(self, obj: Membership) -> Links:
        return [("account", obj.account)]


@operators.register(Invitation)
class InvitationAdmin(VerbAdmin[Invitation]):
    """Who was asked to join."""

    list_display = ("email", "role", "account", "state_badge", "expires_at")
    list_filter = ("state", "role")
    list_select_related = ("account",)
    search_fields = ("email", "public_id")
    verbs = (actions.WithdrawInvitation,)

    def related(self, obj: Invitation) -> Links:
        return [("account", obj.account)]


@operators.register(Tenant)
class TenantAdmin(VerbAdmin[Tenant]):
    """What customers run."""

    list_display = ("name", "slug", "state_badge", "suspension", "account", "live_at")
    list_filter = ("state", "suspension")
    list_select_related = ("account",)
    search_fields = ("name", "slug", "public_id", "account__name")
    verbs = (
        actions.SuspendTenant,
        actions.ResumeTenant,
        actions.RenewLicence,
        actions.CloseTenant,
    )
    bulk_verbs = (actions.SuspendTenant, actions.ResumeTenant, actions.RenewLicence)

    def related(self, obj: Tenant) -> Links:
        yield "account", obj.account
        yield "entitlement", getattr(obj, "entitlement", None)
        for placement in obj.placements.all():
            yield f"{placement.kind} placement ({placement.state})", placement
            for domain in placement.domains.all():
                yield domain.domain, domain


@operators.register(Placement)
class PlacementAdmin(VerbAdmin[Placement]):
    """Where tenants live; the warm ones are nobody's yet."""

    list_display = ("schema_name", "kind", "state_badge", "tenant", "alias", "made_at")
    list_filter = ("state", "kind")
    list_select_related = ("tenant",)
    search_fields = ("schema_name", "public_id", "tenant__slug")
    exclude = ("dsn",)

    def related(self, obj: Placement) -> Links:
        return [("tenant", obj.tenant)]


@operators.register(Domain)
class DomainAdmin(VerbAdmin[Domain]):
    """Which host leads to which place."""

    list_display = ("domain", "tenant", "is_primary", "created_at")
    list_select_related = ("tenant",)
    search_fields = ("domain", "public_id")

    def related(self, obj: Domain) -> Links:
        return [("placement", obj.tenant), ("tenant", obj.tenant.tenant)]


@operators.register(Entitlement)
class EntitlementAdmin(VerbAdmin[Entitlement]):
    """What each tenant's subscription grants."""

    list_display = ("tenant", "plan", "state_badge", "isolation", "version")
    list_filter = ("state", "isolation", "plan")
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug", "public_id")

    def related(self, obj: Entitlement) -> Links:
        return [("tenant", obj.tenant)]

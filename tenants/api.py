"""REST: tenants, their places and people; reads are rows, writes are actions."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from paybill_site.kernel.rest import Things, action_path, things
from tenants import actions
from tenants.models import Account, Domain, Entitlement, Invitation, Membership, Tenant


class EntitlementSerializer(serializers.ModelSerializer[Entitlement]):
    class Meta:
        model = Entitlement
        fields = (
            "state",
            "plan",
            "isolation",
            "size",
            "region",
            "retention_days",
            "features",
            "limits",
            "version",
        )


class TenantSerializer(serializers.ModelSerializer[Tenant]):
    id = serializers.CharField(source="public_id")
    account: Any = serializers.SlugRelatedField(slug_field="public_id", read_only=True)
    entitlement = EntitlementSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Tenant
        fields = (
            "id",
            "account",
            "name",
            "slug",
            "state",
            "suspension",
            "created_at",
            "live_at",
            "entitlement",
        )


class AccountSerializer(serializers.ModelSerializer[Account]):
    id = serializers.CharField(source="public_id")

    class Meta:
        model = Account
        fields = ("id", "name", "time_zone", "created_at")


class DomainSerializer(serializers.ModelSerializer[Domain]):
    id = serializers.CharField(source="public_id")
    tenant = serializers.CharField(source="tenant.tenant.public_id")

    class Meta:
        model = Domain
        fields = ("id", "domain", "tenant", "is_primary", "created_at")


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    id = serializers.CharField(source="public_id")
    account: Any = serializers.SlugRelatedField(slug_field="public_id", read_only=True)

    class Meta:
        model = Membership
        fields = ("id", "account", "user", "email", "role", "created_at")


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    id = serializers.CharField(source="public_id")
    account: Any = serializers.SlugRelatedField(slug_field="public_id", read_only=True)

    class Meta:
        model = Invitation
        fields = ("id", "account", "email", "role", "state", "expires_at")


class AccountViews(Things):
    queryset = Account.objects.all()
    serializer_class = AccountSerializer


class TenantViews(Things):
    queryset = Tenant.objects.select_related("account", "entitlement")
    serializer_class = TenantSerializer


class DomainViews(Things):
    queryset = Domain.objects.select_related("tenant__tenant").filter(
        tenant__tenant__isnull=False
    )
    serializer_class = DomainSerializer


class MembershipViews(Things):
    queryset = Membership.objects.select_related("account")
    serializer_class = MembershipSerializer


class InvitationViews(Things):
    queryset = Invitation.objects.select_related("account")
    serializer_class = InvitationSerializer


urlpatterns = [
    *things("accounts", AccountViews, actions.OpenAccount),
    *things("tenants", TenantViews),
    *things("domains", DomainViews),
    *things("memberships", MembershipViews, actions.AcceptInvitation),
    *things("invitations", InvitationViews),
    action_path("accounts/<public_id>/tenants", actions.StartTenant),
    action_path("accounts/<public_id>/invitations", actions.InviteMember),
    action_path("tenants/<public_id>/suspend", actions.SuspendTenant),
    action_path("tenants/<public_id>/resume", actions.ResumeTenant),
    action_path("tenants/<public_id>/close", actions.CloseTenant),
    action_path("memberships/<public_id>/role", actions.ChangeRole),
    action_path("memberships/<public_id>/revoke", actions.RevokeMembership),
    action_path("invitations/<public_id>/withdraw", actions.WithdrawInvitation),
]

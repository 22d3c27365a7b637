"""REST: accounts, tenants, their places and people."""

from __future__ import annotations

from rest_framework import serializers

from paybill_site.kernel.rest import Row, Things, action_path, things
from tenants import actions
from tenants.models import Account, Domain, Entitlement, Invitation, Membership, Tenant


class EntitlementSerializer(Row[Entitlement]):
    class Meta:
        model = Entitlement
        fields = (
            "state",
            "plan",
            "isolation",
            "size",
            "region",
            "retention_days",
            "backup_days",
            "features",
            "limits",
            "version",
        )


class TenantSerializer(Row[Tenant]):
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


class AccountSerializer(Row[Account]):
    class Meta:
        model = Account
        fields = ("id", "name", "time_zone", "created_at")


class DomainSerializer(Row[Domain]):
    tenant = serializers.CharField(source="tenant.tenant.public_id")

    class Meta:
        model = Domain
        fields = ("id", "domain", "tenant", "is_primary", "created_at")


class MembershipSerializer(Row[Membership]):
    class Meta:
        model = Membership
        fields = ("id", "account", "user", "email", "role", "created_at")


class InvitationSerializer(Row[Invitation]):
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
    action_path("accounts/<str:public_id>/tenants", actions.StartTenant),
    action_path("accounts/<str:public_id>/invitations", actions.InviteMember),
    action_path("tenants/<str:public_id>/suspend", actions.SuspendTenant),
    action_path("tenants/<str:public_id>/resume", actions.ResumeTenant),
    action_path("tenants/<str:public_id>/close", actions.CloseTenant),
    action_path("tenants/<str:public_id>/renew-licence", actions.RenewLicence),
    action_path("memberships/<str:public_id>/role", actions.ChangeRole),
    action_path("memberships/<str:public_id>/revoke", actions.RevokeMembership),
    action_path("invitations/<str:public_id>/withdraw", actions.WithdrawInvitation),
]

"""The users of a plane, in both administrations."""

from __future__ import annotations

from paybill_site.accounts.actions import AnonymiseUser
from paybill_site.accounts.models import User
from paybill_site.kernel.admin import VerbAdmin, operators, tenant_admins


@operators.register(User)
class UserAdmin(VerbAdmin[User]):
    """Who can log in."""

    list_display = ("email", "name", "kind", "is_staff", "is_active", "joined_at")
    list_filter = ("kind", "is_staff", "is_active")
    search_fields = ("email", "name", "public_id")
    verbs = (AnonymiseUser,)


@tenant_admins.register(User)
class TenantUserAdmin(VerbAdmin[User]):
    """Who has come in; people are managed in the portal."""

    list_display = ("email", "name", "kind", "is_staff", "is_active", "last_login")
    list_filter = ("kind", "is_active")
    search_fields = ("email", "name", "public_id")

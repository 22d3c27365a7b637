"""What the members of an account may do inside its tenants, by role.

The role comes with the entry; here it becomes a Django group of the tenant's plane.
"""

from __future__ import annotations

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from paybill_site.accounts.models import User

GROUP_OF = {
    "owner": "owners",
    "admin": "admins",
    "billing": "members",
    "member": "members",
}
ADMINISTER = {"owners", "admins"}
# With agents everybody may do this: let one act for them, with their own rights.
DELEGATE = Q(content_type__app_label="agents", codename="add_delegation")
# What owners and admins may do with the plane's own things.
LOOK = ["view_auditentry", "view_transition", "view_licence", "view_user", "view_group"]


def product_labels() -> list[str]:
    """Labels of the product's apps."""
    names = set(settings.PAYBILL_PRODUCT_APPS)
    return [c.label for c in apps.get_app_configs() if c.name in names]


def wanted(group: str) -> QuerySet[Permission]:
    """The permissions of a group: members work, admins also delete and run agents."""
    product = Q(content_type__app_label__in=product_labels())
    if group not in ADMINISTER:
        return Permission.objects.filter(product | DELEGATE).exclude(
            codename__startswith="delete_"
        )
    agents = Q(content_type__app_label="agents")
    return Permission.objects.filter(product | agents | Q(codename__in=LOOK))


def ensure(name: str) -> Group:
    """The group with just its permissions: new ones come with the product's code."""
    group, _ = Group.objects.get_or_create(name=name)
    want = set(wanted(name).values_list("pk", flat=True))
    if want != set(group.permissions.values_list("pk", flat=True)):
        group.permissions.set(want)
    return group


def place(user: User, role: str) -> None:
    """Put a user into the one group of its role. Inside an action."""
    name = GROUP_OF[role]
    user.groups.set([ensure(name)])
    user.is_staff = name in ADMINISTER

"""What a key can be used for, in words that people choose from.

A scope stands for permissions of members, found by their names: a permission that a
room adds tomorrow belongs to the scope of its kind without anybody listing it. What
makes people, roles or keys belongs to none: a key never makes itself stronger.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from tenants.roles import ROLE_PERMISSIONS
from tenants.states import Role


class Scope(StrEnum):
    BILLING_READ = "billing:read"
    BILLING_WRITE = "billing:write"
    USAGE_READ = "usage:read"
    USAGE_WRITE = "usage:write"
    TENANTS_READ = "tenants:read"
    TENANTS_WRITE = "tenants:write"
    MEMBERS_READ = "members:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"

    @property
    def label(self) -> str:
        return MEANING[self]


MEANING = {
    Scope.BILLING_READ: "See plans, subscriptions, invoices and payments",
    Scope.BILLING_WRITE: "Subscribe, change, pay and cancel",
    Scope.USAGE_READ: "See what was used",
    Scope.USAGE_WRITE: "Report what was used",
    Scope.TENANTS_READ: "See tenants and their infrastructure",
    Scope.TENANTS_WRITE: "Start, change and close tenants",
    Scope.MEMBERS_READ: "See who belongs to the account",
    Scope.WEBHOOKS_READ: "See webhooks and what was sent",
    Scope.WEBHOOKS_WRITE: "Change webhooks and send again",
}
# Who may change something may see it; who reports usage says of which tenant.
INCLUDES = {
    Scope.BILLING_WRITE: {Scope.BILLING_READ, Scope.TENANTS_READ},
    Scope.USAGE_WRITE: {Scope.USAGE_READ},
    Scope.TENANTS_WRITE: {Scope.TENANTS_READ},
    Scope.WEBHOOKS_WRITE: {Scope.WEBHOOKS_READ},
}
ACCOUNT = "tenants.view_account"  # goes with every scope: whose key it is
BY_WORD = (
    ("webhook", Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE),
    ("usage", Scope.USAGE_READ, Scope.USAGE_WRITE),
    ("meter", Scope.USAGE_READ, Scope.USAGE_WRITE),
)
BY_APP = {
    "billing": (Scope.BILLING_READ, Scope.BILLING_WRITE),
    "tenants": (Scope.TENANTS_READ, Scope.TENANTS_WRITE),
    "provisioning": (Scope.TENANTS_READ, Scope.TENANTS_WRITE),
}
PEOPLE = {"membership": Scope.MEMBERS_READ, "invitation": Scope.MEMBERS_READ}
NEVER = frozenset(
    {
        "tenants.enter_tenant",
        "tenants.invite_member",
        "tenants.withdraw_invitation",
        "tenants.revoke_membership",
        "tenants.change_role",
        "tenants.change_account",
        "tenants.view_apikey",
        "tenants.add_apikey",
        "tenants.revoke_apikey",
    }
)


def scope_of(permission: str) -> Scope | None:
    """The scope that a permission belongs to; None: no key can use it."""
    app, _, codename = permission.partition(".")
    reads = codename.startswith("view_")
    if permission in NEVER:
        return None
    if reads and codename.removeprefix("view_") in PEOPLE:
        return PEOPLE[codename.removeprefix("view_")]
    pairs = (pair for word, *pair in BY_WORD if word in codename)
    pair = next(pairs, BY_APP.get(app))
    return pair[0 if reads else 1] if pair else None


def permissions(names: Iterable[str]) -> frozenset[str]:
    """What keys with these scopes can use at most. Names that are none are nothing."""
    chosen = {Scope(name) for name in names if name in set(Scope)}
    chosen |= {more for one in chosen for more in INCLUDES.get(one, set())}
    return frozenset(
        permission
        for permission in ROLE_PERMISSIONS[Role.OWNER]
        if permission == ACCOUNT or scope_of(permission) in chosen
    )


def of_role(role: Role) -> list[Scope]:
    """Scopes of which a member in this role holds something itself."""
    held = {scope_of(permission) for permission in ROLE_PERMISSIONS[role]}
    return [scope for scope in Scope if scope in held]

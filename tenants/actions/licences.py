"""Issuing a tenant's licence anew, long before the one that it has runs out."""

from __future__ import annotations

from paybill_site.kernel.actions import Action, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from tenants import entitlements
from tenants.models import Tenant
from tenants.states import TenantState


class RenewLicence(Action[Tenant, NoInput, Tenant]):
    """Issue the tenant's licence anew, on the terms that hold; its place hears of it.

    A task does this every week. By hand: after a rotation of keys, or where a server
    was out of reach for long.
    """

    model = Tenant
    permission = "tenants.renew_licence"
    legal_in = frozenset({TenantState.LIVE, TenantState.SUSPENDED})

    def run(self, target: Tenant, data: NoInput, *, actor: Actor) -> Tenant:
        if target.state not in self.legal_in:
            raise IllegalMove(f"tenant is {target.state}: nothing of it is licensed")
        entitlements.renew(target)
        return target

"""What the members of an account may do, by role; customers have no other rights.

Permissions of other rooms are named here as text: tenants imports none of them.
"""

from __future__ import annotations

from typing import Any

from paybill_site.accounts.models import UserKind
from paybill_site.kernel import actors, planes
from paybill_site.kernel.actors import Held
from tenants.models import Membership
from tenants.states import Role

LOOK = frozenset(
    {
        "tenants.view_account",
        "tenants.view_membership",
        "tenants.view_tenant",
        "tenants.view_domain",
        "tenants.view_entitlement",
        "tenants.enter_tenant",
        "billing.view_plan",
        "billing.view_subscription",
        "billing.view_meter",
        "provisioning.view_deployment",
        "provisioning.view_run",
        "provisioning.view_backup",
        "provisioning.view_database",
        "provisioning.view_databasecopy",
        "provisioning.view_databasejob",
        "agents.view_agent",
    }
)
PAY = frozenset(
    {
        "billing.view_invoice",
        "billing.view_usageevent",
        "billing.view_payment",
        "billing.view_customer",
        "billing.change_customer",
        "billing.view_paymentmethod",
        "billing.add_paymentmethod",
        "billing.change_paymentmethod",
        "billing.delete_paymentmethod",
        "billing.subscribe_tenant",
        "billing.pay_invoice",
        "billing.view_creditnote",
        "billing.view_refund",
        "billing.view_creditgrant",
        "billing.view_balanceentry",
        "billing.view_redemption",
        "billing.redeem_coupon",
        "billing.buy_credit",
        "billing.change_subscription",
        "billing.cancel_subscription",
    }
)
MANAGE = frozenset(
    {
        "tenants.add_tenant",
        "tenants.invite_member",
        "tenants.view_invitation",
        "tenants.withdraw_invitation",
        "tenants.revoke_membership",
        "tenants.change_role",
        "tenants.view_apikey",
        "tenants.add_apikey",
        "tenants.revoke_apikey",
        "tenants.view_webhookendpoint",
        "tenants.view_webhookmessage",
        "tenants.view_webhookattempt",
        "tenants.add_webhookendpoint",
        "tenants.change_webhookendpoint",
        "tenants.delete_webhookendpoint",
        "tenants.rotate_webhook_secret",
        "tenants.test_webhookendpoint",
        "tenants.resend_webhookmessage",
        "billing.record_usage",
        "provisioning.request_backup",
        "provisioning.copy_backup",
        "provisioning.rotate_database",
        "provisioning.set_window",
    }
)
OWN = frozenset(
    {
        "tenants.change_account",
        "tenants.close_tenant",
        "provisioning.restore_backup",
        "provisioning.drop_databasecopy",
        "provisioning.view_removal",
    }
)

ROLE_PERMISSIONS: dict[Role, frozenset[str]] = {
    Role.MEMBER: LOOK,
    Role.BILLING: LOOK | PAY,
    Role.ADMIN: LOOK | PAY | MANAGE,
    Role.OWNER: LOOK | PAY | MANAGE | OWN,
}

# Whoever is signed in may become a customer, or join one who asks.
EVERYBODY = frozenset({"tenants.open_account", "tenants.accept_invitation"})


@actors.source
def memberships(user: Any) -> Held:
    """What a person holds in the accounts that it belongs to."""
    if planes.here().schema != planes.CONTROL.schema or user.kind != UserKind.PERSON:
        return frozenset(), {}
    rows = Membership.objects.filter(user=user.public_id)
    return EVERYBODY, {
        account: ROLE_PERMISSIONS[Role(role)]
        for account, role in rows.values_list("account__public_id", "role")
    }

"""The demonstration: plans, a simulated cloud, a tenant with a shop and an agent.

Everything goes through the same actions as a customer's clicks. Idempotency keys
name each thing, so a second start finds what the first one made.
"""

from __future__ import annotations

from django.conf import settings

from agents.actions import CreateAgent, GrantAccess
from agents.models import Agent
from billing.actions import Subscribe
from billing.seed import seed_plans
from billing.usage.seed import seed_meters
from examples.storefront.seed import seed_storefront
from paybill_site.accounts.actions import SignUp
from paybill_site.accounts.models import User
from paybill_site.kernel import actors, outbox, planes
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import ANONYMOUS, Actor
from paybill_site.local import parts
from paybill_site.local.environment import ports
from paybill_site.local.places import Places
from provisioning.simulation.seed import seed_account
from tenants.actions import OpenAccount, StartTenant
from tenants.actions.places import taken
from tenants.models import Account, Tenant
from tenants.states import TenantState

EMAIL, SLUG = "demo@paybill.localhost", "demo"
GARDENER = actors.system(
    "seed",
    "agents.add_agent",
    "agents.view_agent",
    "agents.grant_access",
    *(f"storefront.view_{name}" for name in ("customer", "product", "order")),
    "storefront.cancel_order",
)


def seed() -> Tenant:
    """Make what is missing and return the demonstration tenant."""
    with planes.plane(planes.CONTROL):
        seed_meters()
        seed_plans()
        _simulated_aws()
        tenant = _tenant(_account(_customer()))
        outbox.drain()
        tenant.refresh_from_db()
        placement = taken(tenant) if tenant.state == TenantState.LIVE else None
        place = placement.place if placement else None
    if place is not None:
        with planes.plane(place):
            orders = seed_storefront()
            _agent([order.public_id for order in orders[:3]])
            outbox.drain()
    return tenant


def _simulated_aws() -> None:
    """The account in which AWS is simulated, if its simulator runs."""
    port = ports(Places(settings.PAYBILL_LOCAL))["aws"]
    if parts.listens(port):
        seed_account(f"http://127.0.0.1:{port}")


def _customer() -> Actor:
    user = User.objects.filter(email=EMAIL).first()
    if user is None:
        user = perform(SignUp, None, {"email": EMAIL, "name": "Demo"}, actor=ANONYMOUS)
        user = user.result
    return actors.of_user(user, via="seed")


def _account(customer: Actor) -> tuple[Account, Actor]:
    account = Account.objects.filter(created_by=customer.id).first()
    if account is None:
        account = perform(
            OpenAccount, None, {"name": "Demonstration"}, actor=customer
        ).result
    user = User.objects.get(public_id=customer.id)
    return account, actors.of_user(user, via="seed")  # now with its membership


def _tenant(owner: tuple[Account, Actor]) -> Tenant:
    account, customer = owner
    tenant = Tenant.objects.filter(account=account, slug=SLUG).first()
    if tenant is None:
        named = {"name": "Demo shop", "slug": SLUG}
        tenant = perform(StartTenant, account, named, actor=customer).result
    if tenant.state == TenantState.DRAFT and not tenant.subscriptions.exists():
        perform(Subscribe, tenant, {"plan": "free"}, actor=customer)
    return tenant


def _agent(orders: list[str]) -> None:
    if Agent.objects.filter(name="Shop assistant").exists():
        return
    named = {"name": "Shop assistant", "purpose": "Answers questions about orders"}
    agent = perform(CreateAgent, None, named, actor=GARDENER).result
    for permission in ("storefront.view_order", "storefront.cancel_order"):
        some = {"permission": permission, "objects": orders}
        perform(GrantAccess, agent, some, actor=GARDENER)
    everything = {"permission": "storefront.view_product", "everything": True}
    perform(GrantAccess, agent, everything, actor=GARDENER)

"""The cast: the same people in every story of the control plane.

``owner`` and ``teammate`` belong to one account (a teammate looks, it does not
decide), ``outsider`` owns another one, ``operator`` runs the installation, ``agent``
has a token and no grants. Each name is an actor; ``<name>_user`` is its user.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from paybill_site.accounts.models import User
from paybill_site.accounts.sessions import cookie_name
from paybill_site.kernel import actors
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.ids import new_id
from paybill_site.kernel.planes import CONTROL, Place, plane
from tenants import slugs
from tenants.models import Account, Membership, Tenant
from tenants.routing import forget_hosts
from tenants.states import Role, TenantState

PASSWORD = "correct horse battery"

type LogIn = Callable[[User], Client]


def make_user(name: str, **fields: Any) -> User:
    """A user with a verified address ``<name>@example.com`` in the entered plane."""
    user = User.objects.create_user(
        f"{name}@example.com", PASSWORD, name=name.capitalize(), **fields
    )
    addresses: Any = user
    addresses.emailaddress_set.create(email=user.email, verified=True, primary=True)
    return user


def join(account: Account, user: User, role: Role) -> Membership:
    return Membership.objects.create(
        account=account, user=user.public_id, email=user.email, role=role
    )


def make_tenant(account: Account, slug: str, **fields: Any) -> Tenant:
    """A draft, without the action: for tests that begin where it exists."""
    fields = {"name": slug.capitalize(), **fields}
    return Tenant.objects.create(
        account=account, slug=slug, slug_skeleton=slugs.skeleton(slug), **fields
    )


def acting(user: User) -> Actor:
    """The user's actor, asked anew: what it holds may have changed."""
    return actors.of_user(user, via="session")


@pytest.fixture
def owner_user(control: Place) -> User:
    return make_user("olivia")


@pytest.fixture
def account(owner_user: User) -> Account:
    account = Account.objects.create(name="Acme", created_by=owner_user.public_id)
    join(account, owner_user, Role.OWNER)
    return account


@pytest.fixture
def owner(owner_user: User, account: Account) -> Actor:
    return acting(owner_user)


@pytest.fixture
def teammate_user(account: Account) -> User:
    user = make_user("tariq")
    join(account, user, Role.MEMBER)
    return user


@pytest.fixture
def teammate(teammate_user: User) -> Actor:
    return acting(teammate_user)


@pytest.fixture
def outsider_user(control: Place) -> User:
    user = make_user("oscar")
    other = Account.objects.create(name="Other", created_by=user.public_id)
    join(other, user, Role.OWNER)
    return user


@pytest.fixture
def outsider(outsider_user: User) -> Actor:
    return acting(outsider_user)


@pytest.fixture
def operator_user(control: Place) -> User:
    return make_user("oprah", is_staff=True, is_superuser=True)


@pytest.fixture
def operator(operator_user: User) -> Actor:
    return acting(operator_user)


@pytest.fixture
def agent() -> Actor:
    return Actor(kind=Kind.AGENT, id=new_id("agt"), label="agent", via="token")


@pytest.fixture
def tenant(account: Account) -> Tenant:
    """A draft of the owner's account: no place, no subscription."""
    return make_tenant(account, "bakery", name="Bakery")


@pytest.fixture
def live_tenant(account: Account, tenant_a: Place) -> Iterator[Tenant]:
    """The tenant at ``ta.localhost``, live in its plane, of the owner's account."""
    row = Tenant.objects.get(public_id=tenant_a.tenant)
    row.account, row.state = account, TenantState.LIVE
    row.save()
    forget_hosts()
    yield row
    forget_hosts()


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """What an earlier test counted does not count here."""
    fresh_cache()


def fresh_cache() -> None:
    """A cache in which nothing is, for this process: the server is all tests'."""
    cache.key_prefix = uuid.uuid4().hex


@pytest.fixture
def log_in(control: Place) -> LogIn:
    """``log_in(user)`` returns a browser that is logged in to the portal."""

    def open_browser(user: User) -> Client:
        client = browser()
        with plane(CONTROL):
            client.force_login(user)
            name = settings.SESSION_COOKIE_NAME
            client.cookies[cookie_name()] = client.cookies.pop(name).value
        return client

    return open_browser


def browser(host: str = "") -> Client:
    """A browser at a host; without one, at the control plane's."""
    return Client(SERVER_NAME=host or settings.CONTROL_HOST)

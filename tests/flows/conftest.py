"""A world in which every address has something to show, and browsers to try it with."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from psycopg import sql

from agents.actions import CreateAgent, Delegate, IssueToken
from agents.actions.bindings import AddBinding, AllowAddress
from agents.actions.limits import AddLimit
from agents.tools.catalogue import tools_here
from billing.actions import Subscribe
from billing.models import Invoice, Subscription
from billing.sandbox.actions import PayWithSandbox
from billing.seed import seed_plans
from examples.storefront.seed import seed_storefront
from paybill_site.accounts.models import User
from paybill_site.accounts.sessions import cookie_name
from paybill_site.accounts.stepup import PROVED
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import FOR_PROGRAMS
from paybill_site.kernel.planes import CONTROL, Place, plane
from tenants.actions import InviteMember
from tenants.models import Account, Tenant
from tests.agents.conftest import license_plane
from tests.agents.people import enter, person
from tests.cast import LogIn, acting, browser, fresh_cache
from tests.flows import asking, developers, infrastructure, metering, money
from tests.flows.doors import Door
from tests.flows.renaming import renaming  # noqa: F401
from tests.services import superuser

# What a refused request may leave: that it was refused, and who was here.
TRACES = {"kernel_auditentry", "kernel_chainhead", "django_session"}
SPOKEN = ("Traceback (most recent", 'File "/', "psycopg", "DoesNotExist")

OAUTH = ("/oauth/token", "/oauth/revoke")

type Send = Callable[..., Any]


@dataclass
class World:
    """Browsers by who sits at them, and what went wrong so far."""

    browsers: dict[tuple[str, bool], Client] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def send(
        self,
        who: str,
        door: Door,
        method: str,
        path: str,
        *,
        said: str = "",
        **more: Any,
    ) -> Any:
        """One request, judged; no limit of an earlier one counts."""
        fresh_cache()
        client = self.browsers[who, door.tenant]
        before = len(self.wrong)
        answer = client.generic(method, path, **more)
        self.judge(f"{who}: {method} {path[:120]}", answer, path)
        self.wrong[before:] = [f"{one} {said}".strip() for one in self.wrong[before:]]
        return answer

    def judge(self, what: str, answer: Any, path: str) -> None:
        """Note an answer that a user or a program should never get."""
        text = b"".join(answer) if answer.streaming else answer.content
        kind = answer.headers.get("Content-Type", "")
        if path.startswith("/health/ready") and answer.status_code == 503:
            return  # no worker runs here, and it says so
        if answer.status_code >= 500:
            error = getattr(answer, "exc_info", None)
            self.wrong.append(f"{what}: {answer.status_code} {error and error[1]!r}")
        elif any(words.encode() in text for words in SPOKEN):
            self.wrong.append(f"{what}: says too much")
        elif answer.status_code >= 400 and path.startswith(FOR_PROGRAMS):
            if path.startswith(OAUTH) and kind == "application/json":
                return  # a client of OAuth reads OAuth's own words (RFC 6749)
            if not _is_problem(kind, text):
                self.wrong.append(f"{what}: {answer.status_code} is no problem: {kind}")
        elif answer.status_code >= 400 and b"</html>" not in text:
            self.wrong.append(f"{what}: {answer.status_code} without a page")

    def none_wrong(self) -> None:
        shown = "\n".join(self.wrong[:40])
        assert not self.wrong, f"{len(self.wrong)} bad answers:\n{shown}"


def _is_problem(kind: str, text: bytes) -> bool:
    if kind != "application/problem+json":
        return False
    try:
        return {"type", "title", "status", "detail"} <= set(json.loads(text))
    except ValueError:
        return False


@pytest.fixture
def furnished(
    tenant: Tenant, live_tenant: Tenant, account: Account, operator_user: User
) -> Place:
    """One of each in the control plane, and a shop with an agent in tenant A."""
    seed_plans()
    owner = acting(User.objects.get(email="olivia@example.com"))
    perform(Subscribe, tenant, {"plan": "business"}, actor=owner)
    invoice = Invoice.objects.get()
    perform(PayWithSandbox, invoice, {"card": "test_confirm"}, actor=owner)
    asked = {"email": "ivy@example.com", "role": "member"}
    perform(InviteMember, account, asked, actor=owner)
    infrastructure.furnish(tenant, live_tenant)
    developers.furnish(account, owner)
    money.furnish(invoice.customer, invoice, acting(operator_user))
    metering.furnish(tenant, acting(operator_user))
    assert Subscription.objects.exists()
    return Place("default", "ta", live_tenant.public_id)


@pytest.fixture
def world(
    committed: None,
    outsider_user: User,
    furnished: Place,
    log_in: LogIn,
    owner_user: User,
    operator_user: User,
) -> World:
    """``owner``, ``outsider``, ``operator`` and ``stranger`` on both planes' hosts."""
    people = {
        "owner": owner_user,
        "outsider": outsider_user,
        "operator": operator_user,
    }
    made = peopled(furnished, people, log_in)
    for place in (CONTROL, furnished):
        with plane(place):
            asking.stop_all()
    return made


def peopled(furnished: Place, people: dict[str, User], log_in: LogIn) -> World:
    """These people of the control plane, the shop's owner and a stranger."""
    made = World()
    operator_user = people["operator"]
    for name, user in people.items():
        made.browsers[name, False] = log_in(user)
    with plane(CONTROL):
        _prove_it_s_them(made.browsers["operator", False])
        _agent(acting(operator_user), "provisioning.view_run")
    with plane(furnished):
        license_plane(furnished)
        seed_storefront()
        shopkeeper = person("owner")
        keeper = actors.of_user(shopkeeper, via="session")
        _agent(keeper, "storefront.view_order")
        made.browsers["owner", True] = enter(browser("ta.localhost"), shopkeeper)
        _prove_it_s_them(made.browsers["owner", True])
    for tenant, host in ((False, "localhost"), (True, "ta.localhost")):
        made.browsers["stranger", tenant] = browser(host)
    for client in made.browsers.values():
        client.raise_request_exception = False
    return made


def _prove_it_s_them(client: Client) -> None:
    """The session says that its person logged in just now."""
    session = SessionStore(client.cookies[cookie_name()].value)
    now = time.time()
    session[PROVED] = now
    session["account_authentication_methods"] = [{"method": "password", "at": now}]
    session.save()


def _agent(keeper: actors.Actor, scope: str) -> None:
    agent = perform(CreateAgent, None, {"name": "Helper"}, actor=keeper).result
    perform(IssueToken, agent, {"scopes": [scope]}, actor=keeper)
    holder = {"agent": agent.public_id}
    perform(AddLimit, None, {**holder, "measure": "calls", "most": 9}, actor=keeper)
    tool = next(iter(tools_here().values()))
    argument = next(iter(tool.arguments.model_fields))
    bound = {"tool": tool.name, "argument": argument, "kind": "fixed", "value": "x"}
    perform(AddBinding, None, {**holder, **bound}, actor=keeper)
    perform(AllowAddress, None, {"address": "example.com"}, actor=keeper)
    task = {"agent": agent.public_id, "task": "Help out", "scopes": [scope]}
    perform(Delegate, None, task, actor=keeper)
    asking.furnish()


@pytest.fixture
def rows(world: World) -> Callable[[], dict[str, str]]:
    """A function that returns a digest of each table of both planes."""
    name = str(settings.DATABASES["default"]["NAME"])

    def digests() -> dict[str, str]:
        with psycopg.connect(superuser(name)) as connection:
            found = connection.execute(
                "SELECT schemaname, tablename FROM pg_tables"
                " WHERE schemaname IN ('public', 'ta')"
            ).fetchall()
            return {
                f"{schema}.{table}": _digest(connection, schema, table)
                for schema, table in found
                if table not in TRACES
            }

    return digests


def _digest(connection: psycopg.Connection[Any], schema: str, table: str) -> str:
    query = sql.SQL(
        "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|'"
        " ORDER BY t::text)), '') FROM {} t"
    )
    row = connection.execute(query.format(sql.Identifier(schema, table))).fetchone()
    return str(row and row[0])

"""Two at the same moment: one wins, the other is told; real transactions."""

from __future__ import annotations

from functools import partial
from typing import Any

from paybill_site.accounts import entry, views
from paybill_site.accounts.actions import EnterPlane
from paybill_site.accounts.errors import EntryUsed
from paybill_site.accounts.models import User
from paybill_site.kernel import actors
from paybill_site.kernel.actions import Outcome, perform
from paybill_site.kernel.planes import Place, plane
from tenants.actions import ClaimPlacement, RevokeMembership, StartTenant
from tenants.errors import LastOwner, NoWarmPlacement, SlugTaken
from tenants.models import Account, Membership, Placement, Tenant
from tenants.states import PlacementState, Role
from tests.accounts.test_entry import HOST, claims_for
from tests.cast import acting, join, make_tenant, make_user
from tests.database import WARM
from tests.races import at_once

CLAIMER = actors.system("claimer", "tenants.view_tenant", "tenants.claim_placement")


def types(results: list[Any]) -> set[type]:
    return {type(result) for result in results}


def owners(count: int) -> tuple[Account, list[User]]:
    account = Account.objects.create(name="Acme", created_by="")
    users = [make_user(f"owner{number}") for number in range(count)]
    for user in users:
        join(account, user, Role.OWNER)
    return account, users


def test_nobody_gets_a_place_that_another_has(committed: None, control: Place) -> None:
    account, _ = owners(1)
    rows = [make_tenant(account, f"race-{letter}") for letter in "abcdef"]
    calls = [partial(perform, ClaimPlacement, row, actor=CLAIMER) for row in rows]
    results = at_once(calls)
    got = [done.result for done in results if isinstance(done, Outcome)]
    assert len({placement.schema_name for placement in got}) == len(got) == WARM
    assert types(results) == {Outcome, NoWarmPlacement}
    taken = Placement.objects.filter(state=PlacementState.TAKEN, tenant__in=rows)
    assert taken.count() == WARM


def test_two_owners_do_not_both_leave(committed: None, control: Place) -> None:
    account, (first, second) = owners(2)
    rows = list(account.memberships.order_by("id"))
    actors_ = [acting(first), acting(second)]
    calls = [
        partial(perform, RevokeMembership, row, actor=actor)
        for row, actor in zip(rows, actors_, strict=True)
    ]
    results = at_once(calls)
    assert LastOwner in types(results)
    assert Membership.objects.filter(account=account).count() == 1


def test_one_address_goes_to_one_of_two(committed: None, control: Place) -> None:
    account, (owner,) = owners(1)
    actor, wanted = acting(owner), {"name": "Shop", "slug": "shop"}
    results = at_once([lambda: perform(StartTenant, account, wanted, actor=actor)] * 2)
    assert SlugTaken in types(results)
    assert Tenant.objects.filter(slug="shop").count() == 1


def test_one_code_lets_one_browser_in(committed: None, tenant_a: Place) -> None:
    start = entry.begin("/")
    with plane(tenant_a):
        brought = {
            "code": claims_for(tenant_a, start.verifier),
            "state": start.state,
            "cookie": entry.pack(start),
            "host": HOST,
        }
    results = at_once(
        [lambda: perform(EnterPlane, None, brought, actor=views.DOORMAN)] * 3,
        where=tenant_a,
    )
    assert sum(isinstance(result, EntryUsed) for result in results) == 2

"""Who sees what: tokens only narrow, and a list never disagrees with a check."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.storefront.models import Product
from paybill_site.kernel.actors import ANONYMOUS, Actor, Kind, of_user
from paybill_site.kernel.planes import Place
from tenants.models import Account, Tenant
from tests.kernel.verbs import SELLER

PERMISSIONS = st.sampled_from(["a.view_x", "a.change_x", "b.view_y"])
SETS = st.frozensets(PERMISSIONS)
ACTORS = st.builds(
    Actor,
    kind=st.just(Kind.AGENT),
    id=st.just("agt_1"),
    grants=SETS,
    accounts=st.dictionaries(st.sampled_from(["acc_1", "acc_2"]), SETS),
    scopes=st.none() | SETS,
)


@given(ACTORS, SETS, PERMISSIONS)
def test_a_token_never_widens(actor: Actor, scopes: Any, permission: str) -> None:
    narrow = actor.narrowed(scopes)
    assert narrow.may(permission) <= actor.may(permission)
    assert set(narrow.accounts_with(permission)) <= set(actor.accounts_with(permission))
    assert not narrow.may(permission) or permission in scopes


@given(ACTORS, SETS, SETS)
def test_narrowing_twice_is_narrowing_by_both(
    actor: Actor, one: frozenset[str], two: frozenset[str]
) -> None:
    assert actor.narrowed(one).narrowed(two) == actor.narrowed(one & two)


def test_nobody_and_the_inactive_are_anonymous(control: Place, owner_user: Any) -> None:
    assert of_user(None, via="session") is ANONYMOUS
    owner_user.is_active = False
    assert of_user(owner_user, via="session") is ANONYMOUS


def test_everybody_sees_just_their_account(
    owner: Actor, teammate: Actor, outsider: Actor, agent: Actor, account: Account
) -> None:
    for actor, sees in ((owner, True), (teammate, True), (outsider, False)):
        rows = Account.objects.visible_to(actor)
        assert rows.filter(pk=account.pk).exists() is sees
    assert not Account.objects.visible_to(agent).exists()
    assert not Account.objects.visible_to(ANONYMOUS).exists()


def test_a_list_and_a_check_never_disagree(
    owner: Actor, outsider: Actor, operator: Actor, tenant: Tenant
) -> None:
    for actor in (owner, outsider, operator, owner.narrowed(frozenset())):
        for permission in ("tenants.view_tenant", "tenants.close_tenant"):
            listed = set(Tenant.objects.permitted(actor, permission))
            checked = {
                row
                for row in Tenant.objects.all()
                if actor.may(permission)
                or row.account.public_id in actor.accounts_with(permission)
            }
            assert listed == checked


def test_a_scope_that_is_missing_empties_every_list(in_a: Place) -> None:
    Product.objects.create(name="Chair")
    assert Product.objects.visible_to(SELLER).count() == 1
    narrow = SELLER.narrowed(frozenset({"storefront.change_product"}))
    assert Product.objects.visible_to(narrow).count() == 0


@pytest.mark.parametrize("scopes", [None, frozenset({"storefront.view_product"})])
def test_without_any_grant_nothing_is_seen(in_a: Place, scopes: Any) -> None:
    Product.objects.create(name="Chair")
    nobody = replace(SELLER, grants=frozenset(), scopes=scopes)
    assert not Product.objects.visible_to(nobody).exists()

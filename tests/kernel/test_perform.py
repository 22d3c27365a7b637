"""What every action gets: one transaction with audit and events, or a recorded no."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError

from examples.storefront.models import Product
from paybill_site.kernel import planes
from paybill_site.kernel.actions import Call, _gates, gate, perform, registry
from paybill_site.kernel.actors import ANONYMOUS, Actor, Kind
from paybill_site.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Refused,
    StaleVersion,
)
from paybill_site.kernel.ids import new_id
from paybill_site.kernel.models import AuditEntry, OutboxEvent
from paybill_site.kernel.planes import Place
from paybill_site.kernel.verifying import verify
from tests.kernel.verbs import (
    PERMISSIONS,
    SELLER,
    Crash,
    Discard,
    Make,
    Nest,
    Rename,
)

VIEWER = replace(SELLER, grants=frozenset({"storefront.view_product"}))
STRANGER = Actor(kind=Kind.PERSON, id="usr_stranger", via="session")


@pytest.fixture
def product(in_a: Place) -> Product:
    return Product.objects.create(name="Chair")


def entry() -> dict[str, Any]:
    """What the newest audit entry says."""
    newest = AuditEntry.objects.first()
    assert newest is not None
    said: dict[str, Any] = json.loads(newest.body.partition("\n")[2])
    return said


def test_effect_audit_and_event_are_written_together(product: Product) -> None:
    done = perform(
        Rename, product.public_id, {"name": "Stool"}, actor=SELLER, reason="better"
    )
    assert done.result.name == "Stool"
    assert done.output == {"id": product.public_id}
    assert not done.repeated
    assert OutboxEvent.objects.get().name == "kernel.product_renamed"
    said = entry()
    assert said["outcome"] == "done"
    assert said["actor"] == "system:tests"
    assert said["target"] == f"storefront.product:{product.public_id}"
    assert said["chain"] == planes.here().tenant
    assert said["arguments"] == {"name": "Stool"}
    assert said["reason"] == "better"
    assert said["events"] == ["kernel.product_renamed"]


def test_what_is_sensitive_is_not_audited_nor_a_digest_of_it(product: Product) -> None:
    perform(Rename, product, {"name": "Stool", "note": "PIN 1234"}, actor=SELLER)
    assert "1234" not in json.dumps(entry())
    assert "digest" not in entry()


def test_a_refusal_undoes_everything_and_is_recorded(product: Product) -> None:
    with pytest.raises(Refused, match="no name"):
        perform(Rename, product, {"name": "forbidden"}, actor=SELLER)
    assert not OutboxEvent.objects.exists()
    said = entry()
    assert (said["outcome"], said["rule"]) == ("denied", "taste")
    assert said["why"] == "this is no name"


def test_a_crash_leaves_nothing(product: Product) -> None:
    with pytest.raises(ZeroDivisionError):
        perform(Crash, product, actor=SELLER)
    product.refresh_from_db()
    assert product.name == "Chair"
    assert not AuditEntry.objects.exists()


def test_what_one_may_not_see_does_not_exist(product: Product) -> None:
    with pytest.raises(NotFound) as unseen:
        perform(Rename, product, {"name": "x"}, actor=STRANGER)
    with pytest.raises(NotFound) as absent:
        perform(Rename, new_id("prd"), {"name": "x"}, actor=STRANGER)
    assert unseen.value.problem() == absent.value.problem()
    assert entry()["rule"] == "not_found"


def test_what_one_may_only_see_is_forbidden_and_says_why(product: Product) -> None:
    with pytest.raises(Forbidden, match=r"storefront\.change_product"):
        perform(Rename, product, {"name": "x"}, actor=VIEWER)
    assert entry()["rule"] == "permission"


def test_a_token_without_the_scope_is_refused(product: Product) -> None:
    token = SELLER.narrowed(frozenset({"storefront.view_product"}))
    with pytest.raises(Forbidden, match="scope"):
        perform(Rename, product, {"name": "x"}, actor=token)
    assert entry()["rule"] == "scope"
    assert entry()["scopes"] == ["storefront.view_product"]


def test_nobody_makes_anything_without_the_permission(in_a: Place) -> None:
    for actor in (STRANGER, VIEWER, ANONYMOUS):
        with pytest.raises(Forbidden):
            perform(Make, None, {"name": "x"}, actor=actor)
    assert not Product.objects.exists()


@pytest.mark.parametrize("text", ["", "1", "prd_\0", "x" * 10_000, "' OR 1=1 --"])
def test_a_target_that_is_no_id_is_not_found(in_a: Place, text: str) -> None:
    with pytest.raises(NotFound):
        perform(Rename, text, {"name": "x"}, actor=SELLER)
    assert len(AuditEntry.objects.get().target) < 120


def test_bad_input_is_refused_and_recorded_without_its_values(product: Product) -> None:
    with pytest.raises(Invalid):
        perform(Rename, product, {"name": "", "secret": "hunter2"}, actor=SELLER)
    assert entry()["arguments"] == "[not parsed]"
    assert "hunter2" not in json.dumps(entry())


def test_an_action_never_calls_an_action(product: Product) -> None:
    with pytest.raises(RuntimeError, match="never calls"):
        perform(Nest, product, actor=SELLER)


def test_a_version_that_is_not_the_present_one_is_refused(product: Product) -> None:
    with pytest.raises(StaleVersion):
        perform(Rename, product, {"name": "x"}, actor=SELLER, version="7")


def test_every_gate_is_asked_and_can_refuse(product: Product) -> None:
    seen: list[Call] = []

    @gate
    def closed(call: Call) -> None:
        seen.append(call)
        call.facts["asked"] = "yes"
        raise Forbidden("not now", rule="closed")

    try:
        with pytest.raises(Forbidden, match="not now"):
            perform(Rename, product, {"name": "x"}, actor=SELLER)
    finally:
        _gates.remove(closed)
    assert seen[0].target == product
    assert entry()["rule"] == "closed"
    assert entry()["asked"] == "yes"


def test_two_of_one_name_are_a_conflict_not_a_crash(in_a: Place) -> None:
    perform(Make, None, {"name": "Chair"}, actor=SELLER)
    with pytest.raises(Conflict):
        perform(Make, None, {"name": "Chair"}, actor=SELLER)
    assert entry()["rule"] == "conflict"


def test_a_deletion_is_audited_under_the_id_of_what_is_gone(product: Product) -> None:
    perform(Discard, product, actor=SELLER)
    assert not Product.objects.exists()
    assert entry()["target"] == f"storefront.product:{product.public_id}"


def test_half_a_surrogate_does_not_stop_the_record(in_a: Place) -> None:
    with pytest.raises(Invalid):
        perform(Make, None, {"name": "\ud800"}, actor=SELLER, reason="\ud800")
    assert verify().findings == ()


def test_an_action_in_a_foreign_transaction_is_refused(
    tenant_a: Place, committed: None
) -> None:
    with planes.plane(tenant_a):
        Product.objects.create(name="Chair")
        with pytest.raises(RuntimeError, match="durable"), planes.atomic():
            perform(Make, None, {"name": "Stool"}, actor=SELLER)
        assert not AuditEntry.objects.exists()


def test_a_denial_that_can_not_be_recorded_is_not_told(
    tenant_a: Place, committed: None
) -> None:
    # This role may not write; the caller learns of a breakdown, not of a rule.
    with (
        planes.plane(tenant_a),
        planes.plane(tenant_a, role="agent"),
        pytest.raises(DatabaseError, match="permission denied for table"),
    ):
        perform(Make, None, {"name": "x"}, actor=STRANGER)


def test_the_verbs_of_this_test_are_offered_by_no_door() -> None:
    assert not {Rename.name, Make.name} & set(registry)
    assert PERMISSIONS

"""The installation's switch on a server of a tenant's own, which nobody here enters."""

from __future__ import annotations

from typing import Any

import pytest

from agents.access import switches
from agents.access.handlers import carry_to_new
from agents.actions.everywhere import (
    AUDIENCE,
    PUSHED,
    ResumeEverywhere,
    StopEverywhere,
)
from agents.models import Switch, SwitchTurn
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor, system
from paybill_site.kernel.models import Delivery, DeliveryState
from paybill_site.kernel.planes import Place, plane
from tenants import entry
from tenants.events import TenantLive
from tenants.models import Placement, Tenant
from tenants.routing import forget_hosts
from tenants.states import Isolation
from tests.accounts.test_pushing import Silo, silo
from tests.cast import browser

__all__ = ["silo"]


@pytest.fixture
def boss(control: Place) -> Actor:
    verbs = ("view", "throw", "release")
    return system("operator", *(f"agents.{verb}_switch" for verb in verbs))


def stop(boss: Actor) -> Switch:
    done = perform(StopEverywhere, None, {"reason": "fire"}, actor=boss, reason="fire")
    thrown: Switch = done.result
    return thrown


def carried() -> str:
    """What became of the newest move, after it was delivered."""
    outbox.drain()
    told = Delivery.objects.filter(handler="access.carry").latest("pk")
    return str(told.state)


def hear(body: bytes, host: str = "ta.localhost") -> int:
    """The server hears a word; its answer. On it nobody routes hosts elsewhere."""
    apart = Placement.objects.filter(kind=Isolation.SILO)
    ids = list(apart.values_list("pk", flat=True))
    apart.update(kind=Isolation.POOLED)
    forget_hosts()
    answer: Any = browser(host).post(PUSHED, body, "text/plain")
    Placement.objects.filter(pk__in=ids).update(kind=Isolation.SILO)
    return int(answer.status_code)


def stopped(place: Place) -> bool:
    with plane(place):
        return switches.thrown()


def test_a_silo_is_stopped_and_let_go_on(
    silo: type[Silo], boss: Actor, tenant_a: Place
) -> None:
    thrown = stop(boss)
    assert (carried(), len(silo.bodies), stopped(tenant_a)) == ("done", 1, False)
    assert hear(silo.bodies[0]) == 204
    assert stopped(tenant_a)
    perform(ResumeEverywhere, thrown, actor=boss)
    assert carried() == "done"
    assert hear(silo.bodies[1]) == 204
    assert not stopped(tenant_a)


def test_a_restored_control_plane_is_heard_all_the_same(boss: Actor) -> None:
    stop(boss)
    first = switches.said()["move"]
    SwitchTurn.objects.update(number=0)  # as its backup had it
    switches.turn()
    assert switches.said()["move"] > first
    SwitchTurn.objects.update(number=2**52)  # by a clock that was wrong
    switches.turn()
    assert switches.said()["move"] == 2**52 + 1


def test_words_that_come_twice_or_late_change_nothing(
    silo: type[Silo], boss: Actor, tenant_a: Place
) -> None:
    for _ in range(2):
        thrown = stop(boss)
        carried()
        perform(ResumeEverywhere, thrown, actor=boss)
        carried()
    stop(boss)
    carried()
    words = list(silo.bodies)
    assert hear(words[-1]) == 204
    again = words * 2
    for word in sorted(again):  # by their signatures: in no order
        assert hear(word) == 204
        assert stopped(tenant_a)
    with plane(tenant_a):
        assert Switch.objects.get().reason == "fire"


def test_a_silo_that_does_not_answer_is_told_again(
    silo: type[Silo], boss: Actor, tenant_b: Place
) -> None:
    silo.status = 503
    stop(boss)
    assert carried() == DeliveryState.PENDING
    assert stopped(tenant_b)  # nobody waits for it
    Delivery.objects.update(next_at="2026-01-01T00:00Z")
    silo.status = 204
    assert carried() == DeliveryState.DONE
    assert len(silo.bodies) == 2


def test_a_tenant_that_opens_meanwhile_begins_stopped(
    silo: type[Silo], boss: Actor, tenant_b: Place, live_tenant: Tenant
) -> None:
    live = TenantLive(tenant=live_tenant.public_id)
    carry_to_new(live, "dlv")
    assert silo.bodies == []
    stop(boss)
    carry_to_new(live, "dlv")
    assert len(silo.bodies) == 1
    assert stopped(tenant_b)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"thrown": True, "reason": ""},
        {"thrown": True, "reason": "x" * 301, "move": 1},
        {"thrown": "perhaps", "reason": "", "move": 1},
        {"thrown": True, "reason": "", "move": -1},
        {"thrown": True, "reason": "", "move": 2**63},
    ],
)
def test_a_word_that_says_something_else_is_refused(
    live_tenant: Tenant, said: dict[str, Any], tenant_a: Place
) -> None:
    assert hear(entry.word(live_tenant, AUDIENCE, **said).encode()) in {400, 422}
    assert not stopped(tenant_a)


def test_it_is_believed_by_no_other_tenant_and_of_no_other_kind(
    live_tenant: Tenant, tenant_a: Place, tenant_b: Place
) -> None:
    said: dict[str, Any] = {"thrown": True, "reason": "fire", "move": 1}
    word = entry.word(live_tenant, AUDIENCE, **said).encode()
    assert hear(word, "tb.localhost") == 400
    assert hear(entry.word(live_tenant, entry.REPORT, **said).encode()) == 400
    assert hear(word[:-4] + b"AAAA") == 400
    assert browser("ta.localhost").get(PUSHED).status_code == 405
    assert not stopped(tenant_a)
    assert not stopped(tenant_b)

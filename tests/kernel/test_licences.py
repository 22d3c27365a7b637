"""Licences: signed, checked without asking anybody, good for a while; their keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.conf import LazySettings

from paybill_site.environ import public_half
from paybill_site.kernel import licence_keys, limits
from paybill_site.kernel.actions import Action, NoInput, perform
from paybill_site.kernel.actors import Actor, Kind, system
from paybill_site.kernel.licence_keys import NotGenuine
from paybill_site.kernel.licences import (
    GRACE,
    LIFETIME,
    InstallLicence,
    LicenceOver,
    sign,
)
from paybill_site.kernel.models import Licence
from paybill_site.kernel.planes import Place
from paybill_site.kernel.terms import Standing, read_licence
from paybill_site.local.keys import signing_key

TERMS: dict[str, Any] = {
    "state": "active",
    "reason": "active",
    "plan": "team",
    "features": {"sso": True},
    "limits": {"products": 2},
}
TENANT = "ten_000000000000000000000000ta"
CLERK = system("clerk", "kernel.add_licence")
PERSON = Actor(
    kind=Kind.PERSON, id="usr_1", label="Pia", grants=frozenset({"kernel.touch"})
)


class Touch(Action[None, NoInput, None]):
    """What somebody wants to change."""

    model = Licence
    permission = "kernel.touch"
    creates = True

    def run(self, target: None, data: NoInput, *, actor: Actor) -> None:
        return None


class Leave(Touch):
    """What takes a right away, and so is possible always."""

    always_open: ClassVar[bool] = True


def install(token: str) -> Licence:
    return perform(InstallLicence, None, {"token": token}, actor=CLERK).result


def ago(**days: float) -> datetime:
    return datetime.now(UTC) - timedelta(**days)


class Ring:
    """The control plane's keys, and those that a server was started with."""

    def __init__(self, settings: LazySettings) -> None:
        self.settings = settings

    def signs(self, *keys: str) -> None:
        self._set(licence="\n".join(keys))

    def anchors(self, *keys: str) -> None:
        self._set(licence_public="".join(map(public_half, keys)))

    def _set(self, **keys: str) -> None:
        self.settings.PAYBILL_KEYS = {**self.settings.PAYBILL_KEYS, **keys}


@pytest.fixture
def ring(settings: LazySettings) -> Ring:
    return Ring(settings)


def test_a_licence_says_everything_by_itself(in_a: Place) -> None:
    install(sign(in_a.tenant, TERMS, 4))
    terms = limits.terms(in_a.tenant)
    assert terms is not None
    assert (terms.plan, terms.features, terms.version) == ("team", {"sso": True}, 4)
    assert terms.expires - terms.issued == LIFETIME
    assert limits.standing(in_a.tenant) == Standing.VALID
    assert limits.notice(in_a.tenant) == ""


def test_past_due_is_a_banner_and_nothing_else(in_a: Place) -> None:
    install(sign(in_a.tenant, {**TERMS, "reason": "past_due"}, 1))
    assert "overdue" in limits.notice(in_a.tenant)
    perform(Touch, None, actor=PERSON)


def test_within_its_grace_all_works_and_a_banner_says_so(in_a: Place) -> None:
    install(sign(in_a.tenant, TERMS, 1, issued=datetime.now(UTC) - LIFETIME))
    assert limits.standing(in_a.tenant) == Standing.GRACE
    assert "no new one has come" in limits.notice(in_a.tenant)
    perform(Touch, None, actor=PERSON)
    limits.within(limits.terms(in_a.tenant), "products", 1)


def test_beyond_its_grace_people_read_and_change_nothing(in_a: Place) -> None:
    over = datetime.now(UTC) - LIFETIME - GRACE
    install(sign(in_a.tenant, TERMS, 1, issued=over))
    assert limits.standing(in_a.tenant) == Standing.EXPIRED
    assert "nothing be changed" in limits.notice(in_a.tenant)
    with pytest.raises(LicenceOver):
        perform(Touch, None, actor=PERSON)
    perform(Leave, None, actor=PERSON)
    install(sign(in_a.tenant, TERMS, 2))
    perform(Touch, None, actor=PERSON)


def test_one_that_was_tampered_with_opens_nothing(in_a: Place) -> None:
    head, _, signature = sign(in_a.tenant, TERMS, 1).split(".")
    more = {**TERMS, "limits": {}, "version": 1}
    body = licence_keys._text(json.dumps(more).encode())
    Licence.objects.create(version=1, token=f"{head}.{body}.{signature}")
    assert limits.terms(in_a.tenant) is None
    assert limits.standing(in_a.tenant) == Standing.NOT_GENUINE
    assert "tampered" in limits.notice(in_a.tenant)
    with pytest.raises(LicenceOver):
        perform(Touch, None, actor=PERSON)


@pytest.mark.parametrize(
    ("tenant", "why"), [("ten_other", "another tenant"), (TENANT, "")]
)
def test_the_licence_of_somebody_else_is_refused(tenant: str, why: str) -> None:
    token = sign(TENANT, TERMS, 1)
    if not why:
        assert read_licence(token, tenant).plan == "team"
        return
    with pytest.raises(NotGenuine, match=why):
        read_licence(token, tenant)


def test_every_changed_letter_is_noticed() -> None:
    token = sign(TENANT, TERMS, 1)
    for at in range(0, len(token), 7):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(NotGenuine):
            read_licence(changed, TENANT)


def test_the_published_keys_check_a_licence_elsewhere() -> None:
    keys = licence_keys.from_key_set(json.dumps(licence_keys.published()))
    assert read_licence(sign(TENANT, TERMS, 7), TENANT, keys).version == 7
    with pytest.raises(NotGenuine, match="no key set"):
        licence_keys.from_key_set("[]")


def test_a_new_key_is_believed_by_who_knows_the_old_one(
    in_a: Place, ring: Ring
) -> None:
    first, second, third = signing_key(), signing_key(), signing_key()
    ring.signs(first)
    ring.anchors(first)  # and so they stay: nobody starts this server again
    install(sign(in_a.tenant, TERMS, 1))
    ring.signs(third, second, first)
    install(sign(in_a.tenant, TERMS, 2))
    assert limits.standing(in_a.tenant) == Standing.VALID
    # The first key is gone for good; what the plane kept vouches for the others.
    ring.signs(third)
    install(sign(in_a.tenant, TERMS, 3))
    assert limits.standing(in_a.tenant) == Standing.VALID
    ring.signs(signing_key(), third)
    install(sign(in_a.tenant, TERMS, 4))
    assert Licence.objects.first().version == 4  # type: ignore[union-attr]


def test_licences_of_an_old_key_are_good_until_it_leaves_the_ring(ring: Ring) -> None:
    old, new = signing_key(), signing_key()
    ring.signs(old)
    token = sign(TENANT, TERMS, 1)
    ring.anchors(new, old)
    assert read_licence(token, TENANT).version == 1
    ring.anchors(new)
    with pytest.raises(NotGenuine, match="not trusted here"):
        read_licence(token, TENANT)


def test_nobody_vouches_for_a_key_but_a_trusted_one(in_a: Place, ring: Ring) -> None:
    trusted, stranger = signing_key(), signing_key()
    ring.anchors(trusted)
    ring.signs(stranger, signing_key())
    with pytest.raises(NotGenuine):
        install(sign(in_a.tenant, TERMS, 1))
    assert not Licence.objects.exists()


def test_a_licence_does_not_pass_for_a_statement_about_a_key(ring: Ring) -> None:
    trusted = signing_key()
    ring.signs(trusted)
    ring.anchors(trusted)
    licence = sign("paybill.licence-key", {**TERMS, "name": "x"}, 1)
    assert set(licence_keys.trusted([licence])) == set(licence_keys.trusted())
    assert licence_keys.believed([licence, "a.b.c"]) == []

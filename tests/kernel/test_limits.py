"""Limits: how often, and what the licence allows."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.core.cache import cache

from paybill_site.kernel import licence_keys, limits
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import system
from paybill_site.kernel.errors import Invalid, LimitReached, TooMany
from paybill_site.kernel.licences import InstallLicence, sign
from paybill_site.kernel.models import Licence
from paybill_site.kernel.planes import Place, plane

TERMS: dict[str, Any] = {
    "state": "active",
    "plan": "free",
    "features": {},
    "limits": {"products": 2},
}
CLERK = system("clerk", "kernel.add_licence")
MINUTE = timedelta(minutes=1)


def install(token: str) -> Licence:
    return perform(InstallLicence, None, {"token": token}, actor=CLERK).result


def test_so_many_and_no_more(in_a: Place) -> None:
    for _ in range(3):
        limits.throttle("t", "x@example.com", most=3, window=MINUTE)
    with pytest.raises(TooMany) as caught:
        limits.throttle("t", "x@example.com", most=3, window=MINUTE)
    assert 0 < caught.value.members["retry_after"] <= 60
    limits.throttle("t", "y@example.com", most=3, window=MINUTE)


def test_planes_do_not_count_for_each_other(tenant_a: Place, tenant_b: Place) -> None:
    for place in (tenant_a, tenant_b):
        with plane(place):
            limits.throttle("planes", "x", most=1, window=MINUTE)
            with pytest.raises(TooMany):
                limits.throttle("planes", "x", most=1, window=MINUTE)


def test_an_odd_subject_counts_like_any_other(in_a: Place) -> None:
    for subject in ("a b\n\0", "x" * 5000, "🙂"):
        limits.throttle("odd", subject, most=1, window=MINUTE)
        with pytest.raises(TooMany):
            limits.throttle("odd", subject, most=1, window=MINUTE)


def test_without_redis_nobody_is_locked_out(
    in_a: Place, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": nowhere}
    limits.throttle("gone", "x", most=0, window=MINUTE)
    assert "uses of gone are not counted" in caplog.text


def test_a_licence_says_what_is_allowed(in_a: Place) -> None:
    install(sign(in_a.tenant, TERMS, 1))
    terms = limits.terms(in_a.tenant)
    assert terms is not None
    assert terms.plan == "free"
    limits.within(terms, "products", 1)
    limits.within(terms, "orders", 10**6)
    with pytest.raises(LimitReached, match="allows 2 products"):
        limits.within(terms, "products", 2)


def test_a_plane_without_a_licence_allows_nothing(in_a: Place) -> None:
    with pytest.raises(LimitReached, match="no licence"):
        limits.within(limits.terms(in_a.tenant), "products", 0)


def test_an_older_licence_changes_nothing(in_a: Place) -> None:
    newer = sign(in_a.tenant, {**TERMS, "plan": "team"}, 2)
    install(newer)
    assert install(sign(in_a.tenant, TERMS, 1)).version == 2
    assert install(newer).version == 2
    terms = limits.terms(in_a.tenant)
    assert terms is not None
    assert terms.plan == "team"


def forged(**claims: Any) -> str:
    said = {
        "iss": "paybill",
        "aud": "ten_000000000000000000000000ta",
        "iat": int(time.time()),
        "exp": int(time.time()) + 3600,
        "grace": 0,
        "version": 9,
        **TERMS,
        **claims,
    }
    return licence_keys.sign(said)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        jwt.encode({"version": 9}, "k" * 32, algorithm="HS256"),
        jwt.encode({"version": 9}, "", algorithm="none"),
    ],
)
def test_what_we_did_not_sign_is_refused(in_a: Place, token: str) -> None:
    with pytest.raises(Invalid):
        install(token)
    assert not Licence.objects.exists()


@pytest.mark.parametrize(
    "claims", [{"aud": "ten_b"}, {"iss": "x"}, {"iat": time.time() + 4000}]
)
def test_a_licence_for_somebody_else_is_refused(
    in_a: Place, claims: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        install(forged(**claims))


def test_a_clock_that_is_a_little_behind_does_no_harm(in_a: Place) -> None:
    assert install(forged(iat=int(time.time()) + 60)).version == 9


def test_the_count_is_kept_under_a_digest(in_a: Place) -> None:
    limits.throttle("private", "who@example.com", most=5, window=MINUTE)
    keys = cache._cache.get_client().keys("*throttle:private*")  # type: ignore[attr-defined]
    assert keys
    assert not any(b"who@example.com" in key for key in keys)


def test_the_cache_is_not_emptied_for_the_queue_lies_beside_it(control: Place) -> None:
    cache.set("kept", 1)
    with pytest.raises(RuntimeError, match="the queue of tasks"):
        cache.clear()
    assert cache.get("kept") == 1

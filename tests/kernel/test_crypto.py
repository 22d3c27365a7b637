"""Values at rest: only the right key and the right column open them."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import pytest
from django.core.exceptions import FieldError
from hypothesis import given
from hypothesis import strategies as st

from paybill_site.kernel.crypto import (
    HEAD,
    Unreadable,
    newest_mark,
    rewrap,
    seal,
    unseal,
)
from tenants.models import Placement


@pytest.fixture
def keys(settings: Any) -> list[str]:
    """The ring of data keys, which the test may change."""
    ring = list(settings.PAYBILL_KEYS["data"])
    settings.PAYBILL_KEYS = {**settings.PAYBILL_KEYS, "data": ring}
    return ring


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


@given(st.binary(max_size=2000))
def test_what_was_sealed_comes_back(plain: bytes) -> None:
    assert unseal(seal(plain, "a.b.c"), "a.b.c") == plain


def test_the_same_value_never_looks_the_same() -> None:
    assert seal(b"value", "a") != seal(b"value", "a")


def test_a_value_does_not_open_in_another_column() -> None:
    with pytest.raises(Unreadable):
        unseal(seal(b"value", "a.b.c"), "a.b.d")


@given(st.integers(min_value=0, max_value=HEAD + 30), st.integers(1, 255))
def test_a_changed_bit_is_noticed(place: int, flip: int) -> None:
    sealed = bytearray(seal(b"some value", "a"))
    sealed[place % len(sealed)] ^= flip
    with pytest.raises(Unreadable):
        unseal(bytes(sealed), "a")


@given(st.integers(min_value=0, max_value=HEAD + 20))
def test_a_value_that_was_cut_off_is_unreadable(length: int) -> None:
    with pytest.raises(Unreadable):
        unseal(seal(b"some value", "a")[:length], "a")


def test_after_rotation_the_old_key_can_go(keys: list[str]) -> None:
    old = seal(b"value", "a")
    keys.insert(0, new_key())
    assert unseal(old, "a") == b"value"
    fresh = rewrap(old)
    assert fresh.startswith(newest_mark())
    assert rewrap(fresh) == fresh
    del keys[1]
    assert unseal(fresh, "a") == b"value"
    with pytest.raises(Unreadable):
        unseal(old, "a")
    with pytest.raises(Unreadable):
        rewrap(old)


@pytest.mark.parametrize("lookup", ["dsn", "dsn__in", "dsn__contains", "dsn__gt"])
def test_an_encrypted_column_can_not_be_searched(lookup: str) -> None:
    with pytest.raises(FieldError, match="encrypted"):
        Placement.objects.filter(**{lookup: ["x"]})

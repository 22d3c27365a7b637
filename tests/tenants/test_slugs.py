"""Addresses: what is taken, what is refused, and that look-alikes are one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants import slugs
from tenants.errors import SlugRefused

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WELL_FORMED = st.from_regex(slugs.PATTERN, fullmatch=True).filter(
    lambda s: slugs.SHORTEST <= len(s) <= slugs.LONGEST
)


@pytest.mark.parametrize("slug", ["bakery", "a-b", "shop24", "x" * 40])
def test_plain_names_are_taken(slug: str) -> None:
    assert slugs.check_shape(slug) == slug


@pytest.mark.parametrize(
    "slug",
    [
        "", "ab", "x" * 41, "Shop", "shop_1", "-shop", "shop-", "1shop", "a--b",
        "xn--bcher-kva", "b\u00fccher", "\u0430\u0440\u0440\u04cf\u0435",
        "a.b", "a b", "shop\n", "shop\x00", "../etc",
    ],
)  # fmt: skip
def test_other_shapes_are_refused(slug: str) -> None:
    with pytest.raises(SlugRefused):
        slugs.check_shape(slug)


@pytest.mark.parametrize(
    "slug",
    [
        "admin",
        "adm1n",
        "admln",
        "ad-min",
        "paybi11",
        "pay-bill",
        "www",
        "vvww",
        "l0gin",
    ],
)
def test_reserved_names_are_refused_in_every_disguise(slug: str) -> None:
    with pytest.raises(SlugRefused):
        slugs.check_shape(slug)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_host_label_or_a_refusal(typed: str) -> None:
    try:
        slug = slugs.check_shape(typed)
    except SlugRefused:
        return
    assert slug.isascii()
    assert slug == slug.lower()
    assert slugs.SHORTEST <= len(slug.encode("idna")) <= slugs.LONGEST


@given(WELL_FORMED)
def test_a_skeleton_is_its_own_skeleton(slug: str) -> None:
    once = slugs.skeleton(slug)
    assert slugs.skeleton(once) == once


@given(WELL_FORMED, st.randoms())
def test_digits_for_letters_change_no_skeleton(slug: str, random: object) -> None:
    disguised = slug.replace("o", "0").replace("l", "1").replace("e", "3")
    assert slugs.skeleton(disguised) == slugs.skeleton(slug)


@given(st.text(alphabet=LETTERS, min_size=3, max_size=40))
def test_hyphens_make_no_new_name(word: str) -> None:
    assert slugs.skeleton("-".join(word)) == slugs.skeleton(word)

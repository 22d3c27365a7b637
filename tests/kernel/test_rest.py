"""The REST door: whatever is sent, the answer is a result or a clear problem."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from examples.storefront.models import Product
from paybill_site.kernel.actors import ANONYMOUS, Actor
from paybill_site.kernel.models import AuditEntry
from paybill_site.kernel.planes import Place
from paybill_site.kernel.rest import action_path
from tests.kernel.verbs import SELLER, Make, Rename

MAKE = action_path("make", Make).callback
RENAME = action_path("<str:public_id>/rename", Rename).callback


def identify(request: Any, actor: Any) -> None:
    """As the apps' authentication classes do: the request's token is the actor."""
    force_authenticate(request, token=actor)


type Send = Callable[..., Response]


@pytest.fixture
def send(in_a: Place) -> Send:
    """``send(view, body, public_id=..., key=...)`` as the seller, or as ``actor``."""

    def post(
        view: Any,
        body: Any,
        *,
        actor: Actor | None = SELLER,
        key: str = "",
        query: str = "",
        media: str = "application/json",
        **route: str,
    ) -> Response:
        sent: Any = body if isinstance(body, bytes | str) else json.dumps(body)
        headers = {"Idempotency-Key": key} if key else {}
        request = APIRequestFactory().generic(
            "POST", f"/x{query}", sent, media, headers=headers
        )
        identify(request, actor)
        response: Response = view(request, **route)
        response.render()
        return response

    return post


def problem(response: Response) -> dict[str, Any]:
    assert response["Content-Type"] == "application/problem+json"
    said: dict[str, Any] = json.loads(response.content)
    assert {"type", "title", "status", "detail", "code"} <= said.keys()
    assert said["status"] == response.status_code
    return said


def test_a_thing_is_made_once_under_one_key(send: Send) -> None:
    first = send(MAKE, {"name": "Chair"}, key="k")
    again = send(MAKE, {"name": "Chair"}, key="k")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.data == again.data
    other = send(MAKE, {"name": "Stool"}, key="k")
    assert problem(other)["code"] == "key_reused"


def test_a_dry_run_shows_and_changes_nothing(send: Send) -> None:
    shown = send(MAKE, {"name": "Chair"}, query="?dry_run=true")
    assert shown.status_code == 200
    assert shown.data["dry_run"] is True
    assert {"row", "field", "before", "after"} == set(shown.data["changes"][0])
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"name": NaN}', 400),
        (b"[" * 100_000, 400),
        (b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b"[1]", 422),
        (b'"name"', 422),
        (b"null", 422),
        (b"{}", 422),
        (b'{"name": 1}', 422),
        (b'{"name": "x", "admin": true}', 422),
        (b'{"name": "\\u0000"}', 422),
        (b'{"name": "\\ud800"}', 422),
        (b'{"name": "' + b"x" * 200 + b'"}', 422),
        (b'{"name": "' + b"x" * 3_000_000 + b'"}', 413),
    ],
)
def test_bad_bodies_are_clear_problems(send: Send, body: bytes, status: int) -> None:
    response = send(MAKE, body)
    assert response.status_code == status
    problem(response)
    assert not Product.objects.exists()


def test_other_media_are_not_read(send: Send) -> None:
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/x"):
        assert send(MAKE, b"name=x", media=media).status_code == 415


@pytest.mark.parametrize("key", ["x" * 201, "tab\there", "ümlaut"])
def test_a_key_that_is_none_is_refused(send: Send, key: str) -> None:
    assert send(MAKE, {"name": "x"}, key=key).status_code == 422


@pytest.mark.parametrize("public_id", ["1", "prd_x", "x" * 4000, "prd_\0", "%00"])
def test_an_odd_address_finds_nothing(send: Send, public_id: str) -> None:
    response = send(RENAME, {"name": "x"}, public_id=public_id)
    assert problem(response)["code"] == "not_found"


def test_nobody_gets_in_without_a_name(send: Send) -> None:
    for actor in (None, ANONYMOUS):
        response = send(MAKE, {"name": "x"}, actor=actor)
        assert problem(response)["code"] == "unauthenticated"
        assert response["WWW-Authenticate"] == "Bearer"
    assert not AuditEntry.objects.exists()


def test_a_refusal_says_which_rule(send: Send) -> None:
    chair = Product.objects.create(name="Chair")
    response = send(RENAME, {"name": "forbidden"}, public_id=chair.public_id)
    assert problem(response)["rule"] == "taste"


def test_reading_is_no_way_to_change(send: Send) -> None:
    request = APIRequestFactory().get("/x?name=y")
    identify(request, SELLER)
    assert MAKE(request).status_code == 405

"""Who a request comes from, and what a user holds by Django's own permissions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from paybill_site.kernel import actors
from paybill_site.kernel.actors import Actor, Held


@actors.source
def permissions(user: Any) -> Held:
    """Permissions by group, by user or as a superuser hold in the whole plane.

    In the control plane only operators have any; in a tenant's plane everybody has
    those of its role there.
    """
    return frozenset(user.get_all_permissions()), {}


def actor_of(request: HttpRequest | Request) -> Actor:
    """The actor of a request: a token's where one was shown, else the session's."""
    shown = getattr(request, "auth", None)
    return shown if isinstance(shown, Actor) else actors.of_request(request)

"""Who a request comes from, and what a user holds by Django's own permissions."""

from __future__ import annotations

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from paybill_site.kernel import actors, planes
from paybill_site.kernel.actors import Actor, Held


@actors.source
def permissions(user: Any) -> Held:
    """Permissions by group, by user or as a superuser hold in the whole plane.

    In the control plane only operators have any, and outside the embedded mode only
    with a second factor, whichever door they use; in a tenant's plane everybody has
    those of its role there.
    """
    if lacks_second_factor(user):
        return frozenset(), {}
    return frozenset(user.get_all_permissions()), {}


def lacks_second_factor(user: Any) -> bool:
    """Whether this is an operator who has to set up a second factor first."""
    if settings.PAYBILL_EMBEDDED or not user.is_staff:
        return False
    return planes.here().schema == planes.CONTROL.schema and not is_mfa_enabled(user)


def actor_of(request: HttpRequest | Request) -> Actor:
    """The actor of a request: a token's where one was shown, else the session's."""
    shown = getattr(request, "auth", None)
    return shown if isinstance(shown, Actor) else actors.of_request(request)

"""What the control plane says to tenants on servers of their own: signed, over HTTPS.

Nobody here can enter a silo's plane, so it is told. A word may come twice, or late:
who hears it decides by what the word says whether it is news.
"""

from __future__ import annotations

from http import HTTPStatus

from paybill_site.kernel import planes, web
from paybill_site.kernel.planes import CONTROL
from tenants.models import Placement, Tenant
from tenants.states import Isolation, PlacementState


def push(placement: Placement, path: str, token: str) -> None:
    """Bring a token to a silo. Raises Unreachable, so that it is tried again."""
    target = web.target_of(f"{placement.base_url}{path}", own=True)
    answer = web.call("POST", target, body=token.encode())
    if answer.status != HTTPStatus.NO_CONTENT:
        raise web.Unreachable(f"{placement.base_url} answered {answer.status}")


def silos() -> list[tuple[Tenant, Placement]]:
    """The tenants that have a server of their own, each with it."""
    with planes.plane(CONTROL):
        taken = Placement.objects.filter(state=PlacementState.TAKEN)
        theirs = taken.filter(kind=Isolation.SILO).select_related("tenant")
        return [(row.tenant, row) for row in theirs.order_by("id") if row.tenant]

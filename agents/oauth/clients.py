"""Which OAuth client asks: one registered here, or one known by its address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.idp.oidc.models import Client

from agents.oauth import documents
from paybill_site.kernel.errors import PaybillError

LONGEST = 100


@dataclass(slots=True)
class Known:
    """A client as oauthlib wants it: ``client_id`` beside what we ask of it."""

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    confidential: bool
    row: Any = None
    by_address: bool = False


def find(
    client_id: Any, *, asked_from: str = "", returning: bool = False
) -> Known | None:
    """The client, or None. ``returning``: where it may send people matters now.

    A client that is known by its address is believed its document of today; when it
    comes for a token, it is enough that somebody consented to it here.
    """
    if not isinstance(client_id, str) or not 0 < len(client_id) <= LONGEST:
        return None
    if "\0" in client_id:
        return None
    row = Client.objects.filter(id=client_id).first()
    if not documents.is_address(client_id):
        return _registered(row)
    if not returning:
        return _registered(row, by_address=True)
    try:
        document = documents.fetched(client_id, asked_from=asked_from)
    except PaybillError:
        return None
    return Known(
        client_id=client_id,
        name=document.name,
        redirect_uris=document.redirect_uris,
        grant_types=("authorization_code", "refresh_token"),
        confidential=False,
        row=row,
        by_address=True,
    )


def _registered(row: Any, *, by_address: bool = False) -> Known | None:
    if row is None:
        return None
    return Known(
        client_id=row.id,
        name=row.name,
        redirect_uris=tuple(row.get_redirect_uris()),
        grant_types=tuple(row.get_grant_types()),
        confidential=row.type == Client.Type.CONFIDENTIAL,
        row=row,
        by_address=by_address,
    )

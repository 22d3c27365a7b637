"""The place where a page ended, sealed so that it can be used for its list only."""

from __future__ import annotations

from typing import Any

from django.core import signing

from paybill_site.kernel import planes
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.audit import digest_of
from paybill_site.kernel.errors import Invalid


def seal(actor: Actor, question: Any, last: list[Any]) -> str:
    """A cursor behind the row whose sorting values are ``last``."""
    return signing.dumps([digest_of(question), last], salt=_salt(actor), compress=True)


def unseal(actor: Actor, question: Any, cursor: str) -> list[Any]:
    """The sorting values. Raises Invalid for any cursor that is not of this list."""
    try:
        asked, last = signing.loads(cursor, salt=_salt(actor))
    except signing.BadSignature as error:
        raise Invalid("the cursor is not one of ours", rule="cursor") from error
    if asked != digest_of(question):
        raise Invalid("the cursor belongs to another question", rule="cursor")
    values: list[Any] = last
    return values


def _salt(actor: Actor) -> str:
    place = planes.here()
    return f"agents.cursor:{place.alias}:{place.schema}:{actor.id}"

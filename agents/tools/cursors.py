"""The place where a page ended, sealed so that it can be used for its list only.

It holds numbers of rows, which nobody is told: it is encrypted, not only signed.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from paybill_site.kernel import crypto, planes
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.audit import digest_of
from paybill_site.kernel.errors import Invalid


def seal(actor: Actor, question: Any, last: list[Any]) -> str:
    """A cursor behind the row whose sorting values are ``last``."""
    text = json.dumps([digest_of(question), last]).encode()
    return urlsafe_b64encode(crypto.seal(text, _label(actor))).decode()


def unseal(actor: Actor, question: Any, cursor: str) -> list[Any]:
    """The sorting values. Raises Invalid for any cursor that is not of this list."""
    try:
        sealed = urlsafe_b64decode(cursor.encode())
        asked, last = json.loads(crypto.unseal(sealed, _label(actor)))
    except (binascii.Error, crypto.Unreadable) as error:
        raise Invalid("the cursor is not one of ours", rule="cursor") from error
    if asked != digest_of(question):
        raise Invalid("the cursor belongs to another question", rule="cursor")
    values: list[Any] = last
    return values


def _label(actor: Actor) -> str:
    place = planes.here()
    return f"agents.cursor:{place.alias}:{place.schema}:{actor.id}"

"""Long lists page by page. A cursor names the last entry, so that no change of the
list skips or repeats one; it is signed for its caller and its list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import signing

from agents.mcp.errors import INVALID_PARAMS, ProtocolError
from agents.mcp.messages import Message
from agents.mcp.registry import Described
from paybill_site.kernel import planes
from paybill_site.kernel.actors import Actor

PAGE = 100


def page(
    entries: Sequence[Described], key: str, actor: Actor, message: Message
) -> tuple[list[Described], dict[str, Any]]:
    """A page of entries in the order of ``key``, and where the next begins.

    Raises ProtocolError for a cursor that is not of this list.
    """
    ordered = sorted(entries, key=lambda entry: str(entry[key]))
    last = _last(actor, message)
    if last is not None:
        ordered = [entry for entry in ordered if str(entry[key]) > last]
    shown = ordered[:PAGE]
    if len(ordered) <= PAGE:
        return shown, {}
    return shown, {
        "nextCursor": signing.dumps(shown[-1][key], salt=_salt(actor, message))
    }


def _last(actor: Actor, message: Message) -> str | None:
    cursor = message.params.get("cursor")
    if cursor is None:
        return None
    try:
        if not isinstance(cursor, str):
            raise signing.BadSignature("no text")
        return str(signing.loads(cursor, salt=_salt(actor, message)))
    except signing.BadSignature as error:
        raise ProtocolError(INVALID_PARAMS, "the cursor is not of this list") from error


def _salt(actor: Actor, message: Message) -> str:
    place = planes.here()
    return f"agents.mcp:{place.alias}:{place.schema}:{actor.id}:{message.method}"

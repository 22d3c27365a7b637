"""``requestState``: what the server asked about, kept by the client until it answers.

It goes through hands that nobody controls. So it is sealed (AES-256-GCM under the
deployment's keys), bound to plane, agent, token, method, name and arguments, and good
for ten minutes. One answer can be given to it: the same again is a repeat of a request
whose answer got lost, another one is refused.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError

from agents.mcp.eras import PREFIX
from agents.mcp.errors import INVALID_PARAMS, ProtocolError
from agents.mcp.messages import Message
from paybill_site.kernel import crypto, planes
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.audit import digest_of
from paybill_site.kernel.errors import TooLarge, Unavailable

SECONDS = 600
LONGEST = 48 * 1024
# Beside these, everything in the parameters is what was asked about.
OF_THE_RETRY = {"_meta", "inputResponses", "requestState"}


class BadState(ProtocolError):
    """The state is not ours, not this caller's, not of this request, or too old."""

    def __init__(self, why: str) -> None:
        told = {f"{PREFIX}rule": "request_state"}
        super().__init__(INVALID_PARAMS, f"requestState {why}", told)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is sealed: the registry's own facts, and the nonce of this question."""

    facts: Mapping[str, Any]
    nonce: str


def seal(actor: Actor, message: Message, facts: Mapping[str, Any]) -> str:
    """The facts as a text that only the same caller can use for the same request.

    Raises TooLarge.
    """
    inside = {
        "facts": facts,
        "about": _about(actor, message),
        "until": int(time.time()) + SECONDS,
        "nonce": secrets.token_urlsafe(16),
    }
    plain = zlib.compress(json.dumps(inside, separators=(",", ":")).encode())
    text = base64.urlsafe_b64encode(crypto.seal(plain, _label())).decode()
    if len(text) > LONGEST:
        raise TooLarge("too much would change to be asked about; do less at once")
    return text


def unseal(actor: Actor, message: Message) -> Kept | None:
    """What was sealed for this request, None without a state. Raises BadState."""
    text = message.params.get("requestState")
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > LONGEST:
        raise BadState("is not one of ours")
    try:
        sealed = base64.b64decode(text.encode("ascii"), b"-_", validate=True)
        inside = json.loads(zlib.decompress(crypto.unseal(sealed, _label())))
    except (ValueError, crypto.Unreadable) as error:
        raise BadState("is not one of ours") from error
    if inside["about"] != _about(actor, message):
        raise BadState("belongs to another request")
    if inside["until"] < time.time():
        raise BadState("is too old; call again without it")
    return Kept(inside["facts"], inside["nonce"])


def spend(kept: Kept, message: Message) -> None:
    """Take the one answer that a state can be given. Raises BadState, Unavailable."""
    answer = digest_of(message.params.get("inputResponses"))
    key = f"agents.mcp.state:{kept.nonce}"
    try:
        if not cache.add(key, answer, timeout=SECONDS + 5) and cache.get(key) != answer:
            raise BadState("was answered before")
    except RedisError as error:
        # Whether it was answered before can not be known: then it was.
        raise Unavailable from error


def _about(actor: Actor, message: Message) -> str:
    salient = {k: v for k, v in message.params.items() if k not in OF_THE_RETRY}
    return digest_of([actor.id, actor.via, message.method, salient])


def _label() -> str:
    place = planes.here()
    return f"agents.mcp.state:{place.alias}:{place.schema}"

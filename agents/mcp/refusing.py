"""A refusal as a tool's result: by which rule, why, and what can be done about it."""

from __future__ import annotations

import json
from typing import Any

from agents.mcp.registry import Content
from paybill_site.kernel.errors import PaybillError

ADVICE = {
    "invalid": "Change the arguments that are named; tools/list has the schema.",
    "not_found": "Look for it with a tool that lists: what you may not see is missing.",
    "key_needed": "Send idempotency_key: up to 200 visible ASCII characters, new for "
    "each thing that shall happen.",
    "key_reused": "Use a new idempotency_key for another call.",
    "conflict": "Read it again, then repeat the call with the same idempotency_key.",
    "stale_version": "Read it again, then decide whether to repeat the call.",
    "illegal_move": "Read it again: its state does not allow this now.",
    "limit_reached": "Wait until the limit resets, or ask a person to raise it.",
    "too_many": "Wait, then repeat the call with the same idempotency_key.",
    "forbidden": "Do not repeat the call: somebody has to grant it first.",
    "not_granted": "Do not repeat the call: somebody has to grant it first.",
}
OTHERWISE = "Do not repeat the call as it is."


def told(refusal: PaybillError) -> Content:
    """The refusal as content, in words and as {code, rule, detail, ...}."""
    rule = str(refusal.members.get("rule", refusal.code))
    facts: dict[str, Any] = {
        **json.loads(json.dumps(refusal.members, default=str)),
        "code": refusal.code,
        "rule": rule,
        "detail": refusal.detail,
    }
    advice = ADVICE.get(refusal.code, OTHERWISE)
    words = f"Refused by the rule {rule}: {refusal.detail.rstrip('.')}. {advice}"
    blocks = (
        {"type": "text", "text": words},
        {"type": "text", "text": json.dumps(facts)},
    )
    return Content(blocks, facts, is_error=True)

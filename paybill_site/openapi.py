"""What the API's document says of the whole: settings of drf-spectacular.

What it says of each door follows from the code: ``paybill_site.kernel.openapi``.
"""

from __future__ import annotations

from typing import Any

DESCRIPTION = """\
Reads are rows that you may see; whatever changes something is an action, and is
audited. What you may not see is not found.

**Who you are.** People come with the session of their browser, and send `X-CSRFToken`
with whatever changes something. Programs of an account send one of its keys,
`Authorization: Bearer pbk_key_...`, and agents a token, `Bearer pbk_agt_...`. A key may
what its maker may, within its scopes.

**Repeats.** An action takes an `Idempotency-Key`: the same key with the same body
changes nothing and answers as before; with another body it is refused (409).

**Dry runs.** `?dry_run=true` does everything up to the commit and answers with what
would change and which events would go out.

**Refusals** are problem documents (RFC 9457); `code` is for programs, `detail` for
people. **Lists** are pages: follow `next`, and do not build cursors yourself. They are
narrowed by what their rows show, and ordered by `order`.
"""

DOCUMENT: dict[str, Any] = {
    "TITLE": "Paybill",
    "VERSION": "0.1.0",
    "DESCRIPTION": DESCRIPTION,
    "LICENSE": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    # Choices are called as in the code, wherever they occur.
    "ENUM_SUFFIX": "",
    "ENUM_NAME_OVERRIDES": {
        "ApprovalState": "agents.states.ApprovalState",
        "Collection": "billing.states.Collection",
        "CouponState": "billing.states.CouponState",
        "Isolation": "tenants.states.Isolation",
        "LedgerAccount": "billing.states.LedgerAccount",
        "PhaseName": "provisioning.states.Phase",
        "PriceKind": "billing.states.PriceKind",
        "RemovalStep": "provisioning.removal.states.RemovalState",
        "SuspendedBy": "tenants.states.Suspension",
        "WorkflowRunStatus": "agents.states.RunStatus",
        "WorkflowStepStatus": "agents.states.StepStatus",
    },
}

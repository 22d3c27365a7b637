"""The state machines of this room."""

from __future__ import annotations

from paybill_site.kernel.states import Machine
from tenants.states import (
    ENDPOINT_MOVES,
    INVITATION_MOVES,
    PLACEMENT_MOVES,
    TENANT_MOVES,
)

TENANT = Machine("tenant", TENANT_MOVES)
PLACEMENT = Machine("placement", PLACEMENT_MOVES)
INVITATION = Machine("invitation", INVITATION_MOVES)
ENDPOINT = Machine("webhook endpoint", ENDPOINT_MOVES)

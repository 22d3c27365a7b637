"""Oracle Cloud: our token for a session token, structured search for what exists.

Nothing here was tried against Oracle itself: exchanges and queries are checked against
stubs of the documented shapes.
"""

from __future__ import annotations

from provisioning.clouds.oracle.entering import access, attempt
from provisioning.clouds.oracle.listing import OracleInventory as inventory
from provisioning.clouds.oracle.listing import child_id, read_secret

__all__ = ["access", "attempt", "child_id", "inventory", "read_secret"]

"""IBM Cloud: tokens of an hour for trusted profiles, Global Search for what exists.

Nothing here was tried against IBM itself: exchanges and queries are checked against
stubs of the documented shapes.
"""

from __future__ import annotations

from provisioning.clouds.ibm.entering import access, attempt
from provisioning.clouds.ibm.listing import IbmInventory as inventory
from provisioning.clouds.ibm.listing import child_id, read_secret

__all__ = ["access", "attempt", "child_id", "inventory", "read_secret"]

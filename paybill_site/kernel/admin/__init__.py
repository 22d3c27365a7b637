"""The administration's base: things to look at, actions as buttons."""

from __future__ import annotations

from paybill_site.kernel.admin import things
from paybill_site.kernel.admin.registry import (
    further,
    neighbouring,
    operators,
    tenant_admins,
)
from paybill_site.kernel.admin.verbs import VerbAdmin, reauthenticator, waiting

__all__ = [
    "VerbAdmin",
    "further",
    "neighbouring",
    "operators",
    "reauthenticator",
    "tenant_admins",
    "things",
    "waiting",
]

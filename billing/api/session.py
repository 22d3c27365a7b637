"""How these endpoints know who asks."""

from __future__ import annotations

from paybill_site.accounts.auth import SessionAuthentication
from paybill_site.kernel.rest import Things


class SessionThings(Things):
    authentication_classes = (SessionAuthentication,)

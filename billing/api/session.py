"""How these endpoints know who asks: a program by its key, a person by the session."""

from __future__ import annotations

from paybill_site.kernel.rest import Things


class SessionThings(Things):
    """As everywhere in the control plane; the settings name both."""

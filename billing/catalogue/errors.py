"""Why the catalogue refuses."""

from __future__ import annotations

from paybill_site.kernel.errors import Conflict, Invalid


class CatalogueInvalid(Invalid):
    """The file of the catalogue has mistakes; nothing was changed."""


class PastForExisting(Invalid):
    """``effective_for_existing`` is past; say a moment to come, or leave it out."""


class CatalogueChanged(Conflict):
    """The catalogue is not the one you looked at any more; look again, then repeat."""

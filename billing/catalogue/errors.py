"""Why the catalogue refuses."""

from __future__ import annotations

from paybill_site.kernel.errors import Conflict, Invalid


class CatalogueInvalid(Invalid):
    """The file of the catalogue has mistakes; nothing was changed."""

    @property
    def told(self) -> list[str]:
        """``12:9: plans.1.prices.0: say either a card or phases``, for each mistake."""
        return [
            f"{e['line']}:{e['column']}: {e['path']}: {e['problem']}"
            for e in self.members.get("errors", [])
        ]


class PastForExisting(Invalid):
    """``effective_for_existing`` is past; say a moment to come, or leave it out."""


class CatalogueChanged(Conflict):
    """The catalogue is not the one you looked at any more; look again, then repeat."""

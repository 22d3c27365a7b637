"""The verb of the nightly check."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from billing.ledger import checking
from billing.models import BooksCheck
from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor


class CheckInput(Input):
    everything: bool = Field(
        default=False, description="compute every invoice again, not only new ones"
    )


class CheckBooks(Action[None, CheckInput, BooksCheck]):
    """Check that ledger, invoices, payments and credits agree to the last unit."""

    model = BooksCheck
    Input = CheckInput
    permission = "billing.check_books"
    creates = True

    def run(self, target: None, data: CheckInput, *, actor: Actor) -> BooksCheck:
        return checking.check(everything=data.everything)

    def present(self, result: BooksCheck) -> dict[str, Any]:
        return {
            "id": result.public_id,
            "invoices": result.invoices,
            "entries": result.entries,
            "differences": result.differences,
        }

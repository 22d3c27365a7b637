"""Verb of operators: what a bank statement brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from billing import customers
from billing.actions.payments import transferred
from billing.errors import Unmatched
from billing.gateways import statement
from billing.gateways.statement import Line, Matched
from billing.models import Invoice, Payment
from paybill_site.kernel.actions import Action, Danger, Input
from paybill_site.kernel.actors import Actor

SHOWN = 10


class Statement(Input):
    csv: str = Field(
        min_length=1,
        max_length=1_000_000,
        title="Statement",
        description="CSV with the columns date, amount, currency, text and, where the "
        "bank has one, reference",
    )
    leave_unmatched: bool = Field(
        default=False,
        description="record what belongs to an invoice and leave the rest",
    )


class ImportStatement(Action[None, Statement, Matched]):
    """Record the transfers on a bank statement, each by the invoice that it quotes.

    What belongs to no invoice is told, and nothing is recorded, until it is said that
    this may be left. A line that was recorded before is left out, so a file may come
    twice and files may overlap.
    """

    model = Payment
    Input = Statement
    permission = "billing.import_statement"
    danger = Danger.CAREFUL
    creates = True

    def run(self, target: None, data: Statement, *, actor: Actor) -> Matched:
        lines = statement.read(data.csv)
        # Customers first, in one order; then what is open is looked at once more.
        for pk in sorted(
            {m.invoice.customer_id for m in statement.match(lines).matches}
        ):
            customers.locked(pk)
        found = statement.match(lines)
        if found.unmatched and not data.leave_unmatched:
            raise Unmatched(
                _told(found), unmatched=[_left(*u) for u in found.unmatched]
            )
        for one in found.matches:
            invoice = Invoice.objects.select_for_update(of=("self",), no_key=True).get(
                pk=one.invoice.pk
            )
            transferred(invoice, one.minor, one.line.reference)
        return found

    def concerns(self, target: None, result: Matched | None) -> str:
        return "billing"

    def present(self, result: Matched) -> dict[str, Any]:
        matched = [
            {
                "line": one.line.number,
                "reference": one.line.reference,
                "amount": one.minor,
                "currency": one.line.currency,
                "invoice": one.invoice.public_id,
                "rest": one.rest,
            }
            for one in result.matches
        ]
        return {
            "matched": matched,
            "known": result.known,
            "outgoing": result.outgoing,
            "unmatched": [_left(line, why) for line, why in result.unmatched],
        }

    def recall(self, output: Mapping[str, Any]) -> None:
        """What was recorded stands in the output."""


def _told(found: Matched) -> str:
    shown = [f"line {line.number}: {why}" for line, why in found.unmatched[:SHOWN]]
    more = len(found.unmatched) - len(shown)
    tail = f"; and {more} more" if more > 0 else ""
    return f"nothing was recorded. {'; '.join(shown)}{tail}"


def _left(line: Line, why: str) -> dict[str, Any]:
    return {
        "line": line.number,
        "day": line.day.isoformat(),
        "amount": str(line.amount),
        "currency": line.currency,
        "text": line.text,
        "why": why,
    }

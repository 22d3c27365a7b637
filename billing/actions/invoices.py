"""Verbs on invoices: draft one by hand, finalise it, take it back, credit it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from billing import customers, drafting, invoicing, lifecycle
from billing.dunning import advancing
from billing.invoicing import notes
from billing.models import CreditNote, Customer, Invoice, Subscription
from billing.settlement import PAYABLE
from billing.states import InvoiceKind, InvoiceState, NoteReason, SubscriptionState
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor

LARGEST = 10**12


class VoidInvoice(Action[Invoice, NoInput, Invoice]):
    """Take back an invoice that nothing was paid for; nothing is owed for it then.

    Taking back a first invoice withdraws the subscription that waits for it.
    """

    model = Invoice
    permission = "billing.void_invoice"
    danger = Danger.DESTRUCTIVE
    legal_in = PAYABLE

    def run(self, target: Invoice, data: NoInput, *, actor: Actor) -> Invoice:
        invoicing.void(target, reason=f"by {actor.label or actor.id}")
        ids = target.lines.exclude(subscription=None).values("subscription")
        rows = Subscription.objects.select_for_update(of=("self",), no_key=True)
        for subscription in rows.filter(pk__in=ids).order_by("pk"):
            _follow(subscription, target)
        advancing.close_if_settled(target.customer)
        return target


def _follow(subscription: Subscription, invoice: Invoice) -> None:
    waits = subscription.state == SubscriptionState.INCOMPLETE
    if waits and invoice.kind == InvoiceKind.START:
        lifecycle.end(subscription, reason=f"{invoice.number} was taken back")
    else:
        lifecycle.settle_up(subscription)


class GiveUpInvoice(Action[Invoice, NoInput, Invoice]):
    """Expect no payment for an invoice any more; one that comes after all is taken."""

    model = Invoice
    permission = "billing.void_invoice"
    danger = Danger.CAREFUL
    legal_in = frozenset({InvoiceState.OPEN})

    def run(self, target: Invoice, data: NoInput, *, actor: Actor) -> Invoice:
        invoicing.give_up(target, reason=f"by {actor.label or actor.id}")
        return target


class PartOfLine(Input):
    line: int = Field(ge=1, le=10_000, description="its position on the invoice")
    amount: int | None = Field(
        default=None, gt=0, le=LARGEST, description="minor units; default: all of it"
    )


class CreditInput(Input):
    """What to take back: all that is left, an amount, or amounts line by line."""

    reason: NoteReason
    memo: str = Field(default="", max_length=200, description="stands on the note")
    amount: int | None = Field(
        default=None,
        gt=0,
        le=LARGEST,
        description="minor units before tax; default: all that is left",
    )
    lines: list[PartOfLine] = Field(
        default_factory=list, max_length=200, description="instead of an amount"
    )
    to: Literal["balance", "refund"] = Field(
        default="balance", description="where goes what was paid already"
    )


class CreditInvoice(Action[Invoice, CreditInput, CreditNote]):
    """Issue a credit note: take back an invoice, or a part of it, with its tax.

    It is taken off what is open; what was paid goes to the balance or is refunded.
    """

    model = Invoice
    Input = CreditInput
    permission = "billing.add_creditnote"
    danger = Danger.DESTRUCTIVE
    legal_in = PAYABLE | {InvoiceState.PAID}

    def run(self, target: Invoice, data: CreditInput, *, actor: Actor) -> CreditNote:
        by_line = {part.line: part.amount for part in data.lines} or None
        return notes.credit(
            target,
            notes.Wish(data.amount, by_line),
            reason=data.reason,
            memo=data.memo,
            refund=data.to == "refund",
        )

    def present(self, result: CreditNote) -> dict[str, Any]:
        return {
            "id": result.public_id,
            "number": result.number,
            "total": result.total,
            "currency": result.currency,
        }

    def recall(self, output: Mapping[str, Any]) -> CreditNote | None:
        return CreditNote.objects.filter(public_id=output.get("id")).first()


class ChargeLine(Input):
    description: str = Field(min_length=1, max_length=200)
    unit_amount: int = Field(ge=-LARGEST, le=LARGEST, description="minor units")
    quantity: int = Field(default=1, ge=1, le=1_000_000)
    tax_class: str = Field(default="standard", min_length=1, max_length=20)
    tax_included: bool = False


class DraftInput(Input):
    """Charges that no subscription makes, as they will stand on the invoice."""

    currency: str = Field(default="", max_length=3, description="the customer's")
    lines: list[ChargeLine] = Field(min_length=1, max_length=200)


class DraftInvoice(Action[Customer, DraftInput, Invoice]):
    """Draft an invoice by hand: it has no number and is not owed until finalised."""

    model = Customer
    Input = DraftInput
    permission = "billing.add_invoice"

    def run(self, target: Customer, data: DraftInput, *, actor: Actor) -> Invoice:
        charges = [drafting.Charged(**line.model_dump()) for line in data.lines]
        return invoicing.store_draft(drafting.by_hand(target, data.currency, charges))

    def recall(self, output: Mapping[str, Any]) -> Invoice | None:
        return Invoice.objects.filter(public_id=output.get("id")).first()


class FinaliseInvoice(Action[Invoice, NoInput, Invoice]):
    """Finalise a draft: from now on it is owed, has a number and does not change.

    Discounts and tax are those of this moment.
    """

    model = Invoice
    permission = "billing.add_invoice"
    danger = Danger.CAREFUL
    legal_in = frozenset({InvoiceState.DRAFT})

    def run(self, target: Invoice, data: NoInput, *, actor: Actor) -> Invoice:
        target.customer = customers.locked(target.customer_id)
        return invoicing.finalise(target)


class DiscardDraft(Action[Invoice, NoInput, None]):
    """Throw a draft away; it has no number, so none is missing."""

    model = Invoice
    permission = "billing.add_invoice"
    danger = Danger.CAREFUL
    legal_in = frozenset({InvoiceState.DRAFT})

    def run(self, target: Invoice, data: NoInput, *, actor: Actor) -> None:
        invoicing.discard(target)

    def recall(self, output: Mapping[str, Any]) -> None:
        return None

"""Verbs about what is unpaid: the rules, whom they hold for, the steps themselves."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from billing.dunning import advancing, retrying, schedules
from billing.dunning.rules import Rules, Step
from billing.errors import NoSuchSchedule, NotDue
from billing.models import Customer, DunningSchedule, Invoice, PaymentRetry
from billing.states import Collection
from paybill_site.kernel import actors
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import NotFound

DUNNER = actors.system("dunning", "billing.view_customer", "billing.advance_dunning")

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


class ScheduleInput(Input):
    """What is done about unpaid invoices, in full."""

    code: Code = Field(description="the same in every version")
    name: str = Field(min_length=1, max_length=60)
    default_for: Collection | None = Field(
        default=None, description="customers who pay like this, unless told otherwise"
    )
    retries: list[Annotated[int, Field(ge=1, le=60)]] = Field(
        default_factory=list,
        max_length=12,
        description="days of each attempt at a payment after the one before",
    )
    steps: list[Step] = Field(
        min_length=1,
        max_length=20,
        description=(
            "each with what it does (notify, block_changes, past_due, grace, suspend,"
            " cancel) and when: days, amounts or invoices, any of them"
        ),
    )


class WriteDunningSchedule(Action[None, ScheduleInput, DunningSchedule]):
    """Write down what is done about unpaid invoices, as the next version.

    Cases that are open go on by the version with which they began.
    """

    model = DunningSchedule
    Input = ScheduleInput
    permission = "billing.add_dunningschedule"
    danger = Danger.CAREFUL
    creates = True

    def run(
        self, target: None, data: ScheduleInput, *, actor: Actor
    ) -> DunningSchedule:
        rules = Rules(retries=data.retries, steps=data.steps)
        newest = schedules.newest(data.code)
        return DunningSchedule.objects.create(
            code=data.code,
            version=newest.version + 1 if newest else 1,
            name=data.name,
            default_for=data.default_for or "",
            rules=rules.model_dump(mode="json"),
        )


class DunningChoice(Input):
    schedule: str = Field(
        default="",
        max_length=40,
        description="code of a schedule; empty: the usual one",
    )
    exempt: bool = Field(default=False, title="Close nothing for non-payment")


class SetDunning(Action[Customer, DunningChoice, Customer]):
    """Decide how a customer's unpaid invoices are followed, or that they are not.

    Who becomes exempt is open again at once. Another schedule holds from the next case.
    """

    model = Customer
    Input = DunningChoice
    permission = "billing.set_dunning"
    danger = Danger.CAREFUL

    def run(self, target: Customer, data: DunningChoice, *, actor: Actor) -> Customer:
        if data.schedule and schedules.newest(data.schedule) is None:
            raise NoSuchSchedule
        target.dunning_schedule, target.dunning_exempt = data.schedule, data.exempt
        target.save(update_fields=["dunning_schedule", "dunning_exempt"])
        advancing.settle(target)
        return target


class TakeDunningStep(Action[Customer, NoInput, Customer]):
    """Take the next step against a customer that owes: one a time, once it is due."""

    model = Customer
    permission = "billing.advance_dunning"

    def run(self, target: Customer, data: NoInput, *, actor: Actor) -> Customer:
        if not advancing.advance(target):
            raise NotDue
        return target


class FailureInput(Input):
    invoice: str = Field(max_length=40)
    hard: bool = False


class NoteFailedPayment(Action[Customer, FailureInput, PaymentRetry]):
    """Plan when a payment that failed is tried again; a hard decline is not."""

    model = Customer
    Input = FailureInput
    permission = "billing.advance_dunning"

    def run(
        self, target: Customer, data: FailureInput, *, actor: Actor
    ) -> PaymentRetry:
        return retrying.note_failure(invoice_of(target, data.invoice), hard=data.hard)

    def recall(self, output: Any) -> PaymentRetry | None:
        return PaymentRetry.objects.filter(public_id=output.get("id", "")).first()


class RetryInput(Input):
    retry: str = Field(max_length=40)


class RetryPayment(Action[Customer, RetryInput, PaymentRetry]):
    """Try a payment again on the day that is planned for it."""

    model = Customer
    Input = RetryInput
    permission = "billing.advance_dunning"

    def run(self, target: Customer, data: RetryInput, *, actor: Actor) -> PaymentRetry:
        row = PaymentRetry.objects.filter(
            public_id=data.retry, invoice__customer=target
        ).first()
        if row is None:
            raise NotFound("there is no such retry")
        row.invoice = invoice_of(target, row.invoice.public_id)
        return retrying.again(row)


def invoice_of(customer: Customer, public_id: str) -> Invoice:
    """An invoice of a locked customer, locked after it. Raises NotFound."""
    rows = Invoice.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(customer=customer, public_id=public_id).first()
    if found is None:
        raise NotFound("there is no such invoice")
    found.customer = customer
    return found

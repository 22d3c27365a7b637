"""What a gateway is asked and what it answers: the whole contract, as plain values.

A gateway is asked by handlers and tasks only, outside any transaction. Each question
has a ``key`` of ours: asked again with the same key, nothing is done a second time.
An answer says how things stand now, not what happened; so answers may come in any
order and any number of times. Money is ISO minor units here, whatever the gateway's
own way of counting is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import Field
from pydantic.config import JsonDict

from billing.models import Invoice
from billing.rating.conventions import ISO_4217, Convention
from billing.rating.conventions import NotPayable as NotCountable
from billing.states import DisputeState, MethodState, PaymentState
from paybill_site.kernel.errors import PaybillError, Refused
from paybill_site.kernel.inputs import Input

SECRET: JsonDict = {"sensitive": True}


class NotOffered(Refused):
    """This way to pay does not offer that."""

    status = 409


class Unknown(PaybillError):
    """It is not known how it went; the gateway is asked again later."""

    status = 502
    permanent = False


class Forged(Refused):
    """This was not signed by the gateway, or too long ago."""


class Subject(StrEnum):
    """What a notice can be about."""

    PAYMENT = "payment"
    REFUND = "refund"
    METHOD = "method"
    SETUP = "setup"
    DISPUTE = "dispute"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The customer, as a gateway gets to know it."""

    key: str
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A method is to be set up for ``payer``, who comes back to ``back``."""

    key: str
    payer: str
    back: str
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A charge. ``again``: it may have been asked for before, so look first."""

    key: str
    amount: int
    currency: str
    payer: str
    method: str
    purpose: str
    back: str
    reference: str = ""
    on_session: bool = False
    again: bool = False
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Money that goes back of the payment that the gateway calls ``payment``."""

    key: str
    payment: str
    amount: int
    currency: str
    reference: str = ""
    again: bool = False


class Kept(Input):
    """How a stored method stands."""

    state: MethodState
    key: str = Field(default="", max_length=60)
    kind: str = Field(default="", max_length=30)
    reference: str = Field(default="", max_length=80)
    setup: str = Field(default="", max_length=120)
    address: str = Field(default="", max_length=2000, json_schema_extra=SECRET)
    label: str = Field(default="", max_length=80)
    expires: date | None = None
    trouble: str = Field(default="", max_length=200)


class Charged(Input):
    """How a payment stands; ``amount`` is what came in, if it succeeded."""

    state: PaymentState
    key: str = Field(default="", max_length=60)
    reference: str = Field(default="", max_length=80)
    amount: int = Field(default=0, ge=0, le=10**15)
    currency: str = Field(default="", max_length=3)
    code: str = Field(default="", max_length=60)
    hard: bool = False
    failure: str = Field(default="", max_length=200)
    confirm_at: str = Field(default="", max_length=2000, json_schema_extra=SECRET)


class Returned(Input):
    """How a refund stands: on its way, arrived, or come back."""

    done: bool
    failed: bool = False
    key: str = Field(default="", max_length=60)
    reference: str = Field(default="", max_length=80)
    failure: str = Field(default="", max_length=200)


class Disputed(Input):
    """How a dispute stands, and about which payment it is."""

    reference: str = Field(max_length=80)
    payment: str = Field(max_length=80)
    amount: int = Field(ge=0, le=10**15)
    currency: str = Field(max_length=3)
    why: str = Field(default="", max_length=60)
    state: DisputeState
    answer_by: datetime | None = None


class Notice(Input):
    """What a gateway told: look at ``reference``, it has changed."""

    event: str = Field(min_length=1, max_length=100)
    kind: str = Field(max_length=80)
    subject: Subject
    reference: str = Field(default="", max_length=120)
    version: str = Field(default="", max_length=40)


class Gateway:
    """A way to pay. What one does not offer is refused by these defaults.

    ``stores``: it keeps methods that are charged without the customer; ``test``: no
    money moves; ``by_hand``: a person moves the money, also when it goes back.
    """

    name = ""
    label = ""
    test = False
    stores = False
    by_hand = False
    convention: Convention = ISO_4217

    def page(self, invoice: Invoice) -> dict[str, Any]:
        """What the pay page needs beyond the invoice: see ``portal/pay.html``."""
        return {}

    def obstacle(self, amount: int, currency: str) -> str:
        """Why it can not collect this amount, or ""."""
        least = self.convention.least.get(currency, 0)
        if amount < least:
            return f"{self.label} collects nothing below {least} minor units"
        try:
            self.convention.sent(amount, currency)
        except NotCountable as error:
            return str(error)
        return ""

    def introduce(self, person: Person) -> str:
        """Make the customer known; returns the gateway's name for it."""
        raise NotOffered

    def set_up(self, wish: Wish) -> Kept:
        """Begin to set a method up: PENDING, with the address to fill it in."""
        raise NotOffered

    def look_at_setup(self, setup: str) -> Kept:
        """What became of a set-up."""
        raise NotOffered

    def look_at_method(self, reference: str) -> Kept:
        """How a stored method stands."""
        raise NotOffered

    def forget(self, reference: str) -> None:
        """Keep a method no longer. One that is gone already is no error."""
        raise NotOffered

    def charge(self, order: Order) -> Charged:
        """Charge a method, once per key. Raises Unknown, when that can not be told."""
        raise NotOffered

    def look_at_payment(self, order: Order) -> Charged | None:
        """How a payment stands, by reference or key; None: it was never asked for."""
        raise NotOffered

    def look_up_payment(self, reference: str) -> Charged:
        """How the payment with the gateway's name stands."""
        raise NotOffered

    def withdraw(self, order: Order) -> Charged:
        """Take a payment back that is not through; what is through stays."""
        raise NotOffered

    def give_back(self, wanted: Return) -> Returned:
        """Refund, once per key. Raises Unknown."""
        raise NotOffered

    def look_at_refund(self, reference: str) -> Returned:
        """How a refund stands."""
        raise NotOffered

    def look_at_dispute(self, reference: str) -> Disputed:
        """How a dispute stands."""
        raise NotOffered

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Notice:
        """The notice in a webhook's body. Raises Forged."""
        raise NotOffered

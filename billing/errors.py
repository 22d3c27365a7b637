"""Why billing refuses."""

from __future__ import annotations

from paybill_site.kernel.errors import Conflict, Invalid, Refused


class NotOnSale(Refused):
    """There is no such plan on sale."""

    status = 422


class NotBuildable(Refused):
    """This installation can not build what the plan promises."""

    status = 409


class RegionNotOffered(Invalid):
    """The plan is not offered in this region."""


class AlreadySubscribed(Refused):
    """This tenant has a subscription; change its plan instead."""

    status = 409


class NotADraft(Refused):
    """Only a tenant that was not in use before can be subscribed."""

    status = 409


class NoSuchChange(Refused):
    """The subscription can not change to this plan."""

    status = 409


class NeedsMove(NoSuchChange):
    """The tenant would have to be moved, and this installation moves none yet."""


class NotAChoice(Invalid):
    """The plan does not leave this choice."""


class AlreadyPaid(Refused):
    """This invoice is paid; nothing was charged."""

    status = 409


class PartlyPaid(Refused):
    """Money came in for this invoice already, so it can not be taken back."""

    status = 409


class NotPayable(Refused):
    """Only an open invoice can be paid."""

    status = 409


class ReferenceUsed(Refused):
    """A payment with this reference is recorded already."""

    status = 409


class NothingKept(Refused):
    """What this tenant had is not kept any more: start a new one."""

    status = 409


class ChangesBlocked(Refused):
    """Nothing can be changed while an invoice is overdue: pay it first."""

    status = 409


class NoSuchSchedule(Invalid):
    """There is no dunning schedule with this code."""


class NotDue(Conflict):
    """Nothing of this subscription is due now."""

    permanent = True


class InFlight(Refused):
    """A payment for this invoice is on its way; wait for it, or withdraw it."""

    status = 409


class NoMethod(Refused):
    """This payment method can not be charged; add another one."""

    status = 409


class CanNotCharge(Refused):
    """The gateway can not collect this amount."""

    status = 409


class TooMuchToRefund(Invalid):
    """More than what came in by this payment can not be given back."""


class CanNotSendBack(Refused):
    """The gateway can not give this amount back."""


class NotInStatement(Invalid):
    """The bank statement can not be read."""


class Unmatched(Refused):
    """Some lines of the statement belong to no invoice."""

    status = 409


class WrongCurrency(Refused):
    """This came in another currency than the one it was asked for in."""

    status = 409


class NoSuchCode(Refused):
    """There is no such code."""

    status = 404


class CodeSpent(Refused):
    """This code can not be redeemed any more."""

    status = 409


class CodeNotForYou(Refused):
    """This code does not hold for this customer."""

    status = 409


class CodeRedeemed(Refused):
    """This coupon was redeemed by this customer already."""

    status = 409


class TooMuchCredit(Refused):
    """The credit notes of an invoice would be more than the invoice."""

    status = 422


class BalanceTooLow(Refused):
    """The balance is less than that."""

    status = 409


class CreditUsed(Refused):
    """The credit that was bought with this invoice is not given back by a note."""

    status = 409


class OtherCurrency(Invalid):
    """The customer is billed in another currency."""


class CodeTaken(Refused):
    """There is a code like this already."""

    status = 409


class RateThere(Refused):
    """There is a rate of this name from this day on; end it, and add a later one."""

    status = 409


class StillADraft(Refused):
    """There is no document of a draft; finalise it first."""

    status = 409

"""What can go wrong with accounts, members, tenants and their places."""

from __future__ import annotations

from paybill_site.kernel.errors import Conflict, Forbidden, Invalid, PaybillError


class SlugRefused(Invalid):
    """This address can not be used; choose another one."""


class SlugTaken(PaybillError):
    """This address is taken; choose another one."""

    status = 409


class NoWarmPlacement(PaybillError):
    """No ready place is left in the pool; one is being made."""

    status = 503
    permanent = False


class NotPooled(PaybillError):
    """The plan of this tenant does not put it into the pool."""

    status = 409


class NoPlace(PaybillError):
    """This tenant has no place yet."""

    status = 409
    permanent = False


class NotLive(Forbidden):
    """This tenant is not live at the moment, so nobody can enter it."""


class NotAMember(Forbidden):
    """Only members of its account enter a tenant."""


class LastOwner(PaybillError):
    """An account keeps at least one owner; name another one first."""

    status = 409


class AlreadyMember(PaybillError):
    """This person is a member already."""

    status = 409


class InvitationGone(PaybillError):
    """This invitation was used, withdrawn or has expired; ask for a new one."""

    status = 410


class OtherAddressInvited(Forbidden):
    """The invitation is for another e-mail address; log in with the invited one."""


class OwnersOnly(Forbidden):
    """Only an owner makes or removes owners."""


class TooManyEndpoints(Conflict):
    """An account has only so many webhooks; remove one that is not used."""


class NotListening(PaybillError):
    """This webhook is not enabled, so nothing is sent to it."""

    status = 409


class TooManyKeys(Conflict):
    """An account has only so many API keys; revoke one that is not used."""

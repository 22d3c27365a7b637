"""What can go wrong with sign-up and with coming into a tenant's plane."""

from __future__ import annotations

from paybill_site.kernel.errors import Forbidden, PaybillError


class AddressTaken(PaybillError):
    """There is a user with this e-mail address already."""

    status = 409


class EntryRefused(Forbidden):
    """This way in is not valid here; start again from the tenant's home page."""

    status = 400


class EntryExpired(EntryRefused):
    """This way in was open for a minute only; start again."""


class EntryUsed(EntryRefused):
    """This way in was used before; start again."""


class WrongBrowser(EntryRefused):
    """This way in was asked for in another browser, or too long ago; start again."""


class Anonymised(PaybillError):
    """This user's personal data was removed already."""

    status = 409

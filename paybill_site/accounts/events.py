"""What happens to users, as other rooms hear of it."""

from __future__ import annotations

from paybill_site.kernel.events import Event


class SignedUp(Event):
    """Somebody asked for a log-in; the e-mail address is not verified yet."""

    user: str


class UserAnonymised(Event):
    """The personal data of a user was removed for good."""

    user: str

"""Who acts. Every verb has one actor; system work has a name, never None.

An actor is made once per request or message and says what it may do: ``grants``
hold in the whole plane, ``accounts`` hold for the rows of one account, and what
it may do to single objects stands in the object-permission tables under
``principal``. ``rules`` add the rows that typed filters match. A token's ``scopes``
only narrow all of these, and so does ``behalf``: who acts for a person has at most what
that person has.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from django.db.models import Q

from paybill_site.kernel.logs import note


class Kind(StrEnum):
    PERSON = "person"
    OPERATOR = "operator"
    AGENT = "agent"
    KEY = "key"  # of an account, for its own programs
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, on whose authority, and how that was shown."""

    kind: Kind
    id: str
    label: str = ""
    grants: frozenset[str] = frozenset()
    accounts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    scopes: frozenset[str] | None = None
    principal: int | None = None
    roles: tuple[int, ...] | None = None  # groups of the principal; None: not read
    via: str = ""
    impersonator: str = ""
    second_factor_at: datetime | None = None
    rules: Mapping[str, Q] = field(default_factory=dict)  # by permission
    session: Mapping[str, str] = field(default_factory=dict)
    behalf: Actor | None = None
    counted: str = ""  # under which name the use of a token is counted

    @property
    def standing(self) -> str:
        """Digest of the session and the person behind a call; "" when there is neither.

        What one agent does in two conversations, or for two people, is kept apart by
        it. Tokens of the same session share it: a conversation outlives its token.
        """
        if not self.session and self.behalf is None:
            return ""
        behalf = self.behalf.id if self.behalf else ""
        said = json.dumps([behalf, dict(self.session)], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()

    def in_scope(self, permission: str) -> bool:
        """A token without this scope can not use the permission, whoever holds it."""
        return self.scopes is None or permission in self.scopes

    def may(self, permission: str) -> bool:
        """Tell whether the permission holds in the whole plane."""
        if self.behalf is not None and not self.behalf.may(permission):
            return False
        return self.in_scope(permission) and permission in self.grants

    def accounts_with(self, permission: str) -> list[str]:
        """Public ids of the accounts in which the permission is held."""
        if not self.in_scope(permission):
            return []
        return [acc for acc, held in self.accounts.items() if permission in held]

    def narrowed(self, scopes: frozenset[str]) -> Actor:
        """The same actor under a token's scopes."""
        kept = scopes if self.scopes is None else self.scopes & scopes
        return replace(self, scopes=kept)


ANONYMOUS = Actor(
    kind=Kind.ANONYMOUS,
    id="anonymous",
    label="anonymous",
    grants=frozenset({"accounts.sign_up"}),
)


def system(name: str, *grants: str) -> Actor:
    """A named part of the system with just the permissions it needs."""
    return Actor(
        kind=Kind.SYSTEM,
        id=f"system:{name}",
        label=f"system: {name}",
        grants=frozenset(grants),
        via="system",
    )


type Held = tuple[frozenset[str], Mapping[str, frozenset[str]]]
type Source = Callable[[Any], Held]
_sources: list[Source] = []


def source(function: Source) -> Source:
    """Register a function that says what a user holds: (grants, grants by account)."""
    _sources.append(function)
    return function


type Prover = Callable[[Any], datetime | None]
_provers: list[Prover] = []


def prover(function: Prover) -> Prover:
    """Register what says when the person behind a request showed a second factor."""
    _provers.append(function)
    return function


def of_user(user: Any, *, via: str, impersonator: str = "") -> Actor:
    """The actor for a signed-in user, asking every registered source once."""
    if not (user and user.is_authenticated and user.is_active):
        return ANONYMOUS
    grants: frozenset[str] = frozenset()
    accounts: dict[str, frozenset[str]] = {}
    for ask in _sources:
        more, by_account = ask(user)
        grants |= more
        for account, held in by_account.items():
            accounts[account] = accounts.get(account, frozenset()) | held
    return Actor(
        kind=Kind.OPERATOR if user.is_staff else Kind.PERSON,
        id=user.public_id,
        label=user.get_username(),
        grants=grants,
        accounts=MappingProxyType(accounts),
        principal=user.pk,
        via=via,
        impersonator=impersonator,
    )


def of_request(request: Any) -> Actor:
    """The actor of an HTTP request, made once; middleware may have put it there."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        actor = of_user(getattr(request, "user", None), via="session")
        shown = [at for prove in _provers if (at := prove(request)) is not None]
        actor = replace(actor, second_factor_at=max(shown, default=None))
        request.actor = actor
        note(actor=actor.id)
    return actor

"""The verbs of users: signing up, coming into a tenant's plane, leaving."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError
from django.utils import timezone
from pydantic import Field, JsonValue

from paybill_site.accounts import entry, groups
from paybill_site.accounts.errors import AddressTaken, Anonymised, EntryUsed
from paybill_site.accounts.events import SignedUp, UserAnonymised
from paybill_site.accounts.models import EntryUse, User
from paybill_site.kernel import events, planes
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor

KEPT = timedelta(hours=1)  # beyond the leeway of any clock
SECRET: dict[str, JsonValue] = {"sensitive": True}


class SignUpInput(Input):
    """The password comes hashed: not even a digest of it may reach the audit trail."""

    email: str = Field(max_length=254, json_schema_extra=SECRET)
    name: str = Field(default="", max_length=150, json_schema_extra=SECRET)
    password: str = Field(default="", max_length=256, json_schema_extra=SECRET)


class SignUp(Action[None, SignUpInput, User]):
    """Ask for a log-in. It opens once the e-mail address is verified."""

    model = User
    Input = SignUpInput
    permission = "accounts.sign_up"
    creates = True

    def run(self, target: None, data: SignUpInput, *, actor: Actor) -> User:
        user = User(
            email=data.email.lower(),
            name=data.name,
            password=data.password or make_password(None),
        )
        _save(user)
        events.emit(SignedUp(user=user.public_id))
        return user


class EnterInput(Input):
    """What came back from the control plane, with what this host remembered."""

    code: str = Field(max_length=4000, json_schema_extra=SECRET)
    state: str = Field(max_length=100, json_schema_extra=SECRET)
    cookie: str = Field(max_length=4000, json_schema_extra=SECRET)
    host: str = Field(max_length=253)


class EnterPlane(Action[None, EnterInput, User]):
    """Let somebody into this tenant's plane with a code from the control plane."""

    model = User
    Input = EnterInput
    permission = "accounts.enter_plane"
    creates = True

    def run(self, target: None, data: EnterInput, *, actor: Actor) -> User:
        start = entry.unpack(data.cookie, data.state)
        return _admit(entry.read(data.code, host=data.host, verifier=start.verifier))


class BootstrapInput(Input):
    token: str = Field(max_length=4000, json_schema_extra=SECRET)


class MakeFirstOwner(Action[None, BootstrapInput, User]):
    """Make the owner of a plane on a server of its own, with a token used once."""

    model = User
    Input = BootstrapInput
    permission = "accounts.bootstrap_plane"
    creates = True

    def run(self, target: None, data: BootstrapInput, *, actor: Actor) -> User:
        return _admit(entry.read_bootstrap(data.token))


class AccessInput(Input):
    role: Literal["owner", "admin", "billing", "member", "none"]


class SetAccess(Action[User, AccessInput, User]):
    """Follow a change of role in the control plane; every session here ends."""

    model = User
    Input = AccessInput
    permission = "accounts.set_access"

    def run(self, target: User, data: AccessInput, *, actor: Actor) -> User:
        return _follow(target, data.role)


class PushedInput(Input):
    token: str = Field(max_length=4000, json_schema_extra=SECRET)


class FollowAccess(Action[None, PushedInput, User | None]):
    """As SetAccess, in a plane on a server of its own: told by a signed token."""

    model = User
    Input = PushedInput
    permission = "accounts.follow_access"
    creates = True

    def run(self, target: None, data: PushedInput, *, actor: Actor) -> User | None:
        public_id, role, jti, expires = entry.read_access(data.token)
        _use_once(jti, expires)
        user = (
            User.objects.select_for_update(no_key=True)
            .filter(public_id=public_id)
            .first()
        )
        return _follow(user, role) if user else None  # it never came in


class AnonymiseUser(Action[User, NoInput, User]):
    """Remove a person's data for good; the row stays, because the audit names it."""

    model = User
    permission = "accounts.anonymise_user"
    danger = Danger.DESTRUCTIVE

    def run(self, target: User, data: NoInput, *, actor: Actor) -> User:
        if target.anonymised_at:
            raise Anonymised
        target.email = f"{target.public_id}@anonymised.invalid"
        target.name = ""
        target.is_active = target.is_staff = target.is_superuser = False
        target.anonymised_at = timezone.now()
        target.set_unusable_password()
        target.groups.clear()
        target.user_permissions.clear()
        _forget_proofs(target)
        target.save()
        events.emit(UserAnonymised(user=target.public_id))
        return target


class OperatorInput(Input):
    email: str = Field(max_length=254, json_schema_extra=SECRET)
    password: str = Field(max_length=256, json_schema_extra=SECRET)


class MakeOperator(Action[None, OperatorInput, User]):
    """Make an operator with every permission, or give one a new password."""

    model = User
    Input = OperatorInput
    permission = "accounts.make_operator"
    danger = Danger.CAREFUL
    creates = True

    def run(self, target: None, data: OperatorInput, *, actor: Actor) -> User:
        found = User.objects.filter(email=data.email.lower()).first()
        user: User = found or User(email=data.email.lower())
        user.password = data.password
        user.is_active = user.is_staff = user.is_superuser = True
        user.save()
        EmailAddress.objects.update_or_create(
            user=user, email=user.email, defaults={"verified": True, "primary": True}
        )
        return user


def _admit(visitor: entry.Visitor) -> User:
    """Note that the way in was used, and make or renew the user who came by it."""
    _use_once(visitor.jti, visitor.expires)
    known = (
        User.objects.select_for_update(no_key=True)
        .filter(public_id=visitor.user)
        .first()
    )
    user: User = known or User(public_id=visitor.user, password=make_password(None))
    user.email, user.name, user.is_active = visitor.email, visitor.name, True
    _save(user)
    groups.place(user, visitor.role)
    user.save(update_fields=["is_staff"])
    user.proved_at = visitor.proved_at
    return user


def _save(user: User) -> None:
    try:
        with planes.atomic():
            user.save()
    except IntegrityError as error:
        raise AddressTaken from error


def _forget_proofs(user: User) -> None:
    """Delete the verified addresses and the second factors."""
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()


def _follow(user: User, role: str) -> User:
    if role == "none":
        user.is_active = user.is_staff = False
        user.groups.clear()
    else:
        groups.place(user, role)
    # Sessions carry a hash of the password field: a new value ends them all.
    user.set_unusable_password()
    user.save()
    return user


def _use_once(jti: str, expires: datetime) -> None:
    """Note the number of a token; those that have expired need no memory."""
    EntryUse.objects.filter(expires_at__lt=timezone.now() - KEPT).delete()
    try:
        with planes.atomic():
            EntryUse.objects.create(jti=jti, expires_at=expires)
    except IntegrityError as error:
        raise EntryUsed from error

"""The user: e-mail as user name, known across planes by a public id."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower, Now

from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import Visible


class Users(BaseUserManager["User"].from_queryset(Visible)):  # type: ignore[misc]
    """Makes users; e-mail addresses are kept in lower case."""

    def create_user(
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        """Add a user; without a password the account can not log in with one."""
        user: User = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str, **fields: Any) -> User:
        """Add an operator with every permission of the plane."""
        return self.create_user(
            email, password, is_staff=True, is_superuser=True, **fields
        )


class UserKind(models.TextChoices):
    PERSON = "person"
    AGENT = "agent"


class User(AbstractBaseUser, PermissionsMixin):
    """A principal of one plane: a person, or the identity behind an agent.

    In a tenant's plane people have no password: they come in from the control plane
    and keep its public id, so the two rows name the same person.
    """

    public_id = PublicId("usr")
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=150, blank=True)
    kind = models.CharField(
        max_length=10, choices=UserKind.choices, default=UserKind.PERSON
    )
    is_staff = models.BooleanField(
        default=False, help_text="may enter the administration of this plane"
    )
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(db_default=Now())
    anonymised_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = Users()

    # Of who just came in: when they proved who they are, as the control plane says.
    proved_at: float = 0.0

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                violation_error_message="This e-mail address is taken.",
            ),
        ]
        permissions = [
            ("anonymise_user", "Can remove a user's personal data"),
            ("make_operator", "Can make an operator"),
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] or self.email


class EntryUse(models.Model):
    """A way into this plane that was used; nobody comes through it a second time."""

    jti = models.CharField(max_length=40, unique=True)
    used_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.jti

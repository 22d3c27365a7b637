"""What allauth asks of us: sign-up through our action, links and limits of our own."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.urls import reverse

from paybill_site.accounts.actions import SignUp, SignUpInput
from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import ANONYMOUS
from paybill_site.kernel.limits import throttle

HOUR = timedelta(hours=1)
# Per e-mail address, per client address, and for everybody together.
MOST = {"address": 5, "ip": 30, "installation": 1000}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # publishes no types
    """Few overrides; whatever allauth does well stays allauth's."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Count each attempt. Raises TooMany, for a known address as for a new one."""
        if request.method == "POST" and not hasattr(request, "signup_counted"):
            request.signup_counted = True  # type: ignore[attr-defined]
            _count_attempt(request, self._ip(request))
        return True

    def clean_email(self, email: str) -> str:
        """The column's length is a form error, not a broken page."""
        limit = User._meta.get_field("email").max_length or 0
        if len(email) > limit:
            raise ValidationError(f"Use at most {limit} characters.")
        return str(super().clean_email(email)).lower()

    def save_user(
        self, request: HttpRequest, user: User, form: Any, commit: bool = True
    ) -> User:
        """Make the user by the audited action. The password is hashed before it."""
        given = form.cleaned_data
        data = SignUpInput(
            email=given["email"],
            name=given.get("name", ""),
            password=make_password(given.get("password1") or None),
        )
        return perform(SignUp, None, data, actor=ANONYMOUS).result

    def get_email_confirmation_url(
        self, request: HttpRequest, emailconfirmation: Any
    ) -> str:
        """On the configured address: a forged Host header never gets into a mail."""
        return _absolute("account_confirm_email", key=emailconfirmation.key)

    def get_reset_password_from_key_url(self, key: str) -> str:
        uidb36, _, rest = key.partition("-")
        return _absolute("account_reset_password_from_key", uidb36=uidb36, key=rest)

    def _ip(self, request: HttpRequest) -> str:
        try:
            return str(self.get_client_ip(request))
        except PermissionDenied:  # behind a Unix socket there is none
            return "unknown"


def _absolute(name: str, **parts: str) -> str:
    return settings.PAYBILL_BASE_URL + reverse(name, kwargs=parts)


def _count_attempt(request: HttpRequest, ip: str) -> None:
    email = request.POST.get("email", "").strip().lower()
    address = hashlib.sha256(email.encode()).hexdigest()
    subjects = {"address": address, "ip": ip, "installation": "all"}
    for name, subject in subjects.items():
        throttle(f"signup.{name}", subject, most=MOST[name], window=HOUR)

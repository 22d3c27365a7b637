"""The tenant's people, and how they come in."""

from __future__ import annotations

import time

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from paybill_site.accounts import groups
from paybill_site.accounts.models import User
from paybill_site.accounts.sessions import cookie_name
from paybill_site.accounts.stepup import PROVED


def person(role: str) -> User:
    """Somebody of the tenant's account who came in."""
    user = User.objects.create_user(f"{role}@example.com", name=role.capitalize())
    groups.place(user, role)
    user.save()
    return user


def enter(browser: Client, user: User) -> Client:
    """The browser, with the person logged in."""
    backend = "allauth.account.auth_backends.AuthenticationBackend"
    browser.force_login(user, backend=backend)
    # Each plane's session has a cookie of its own name.
    session = browser.cookies.pop(settings.SESSION_COOKIE_NAME)
    browser.cookies[cookie_name()] = session.value
    return browser


def prove(browser: Client, *, ago: float = 0) -> Client:
    """The browser, whose person proved so many seconds ago who they are."""
    session = SessionStore(browser.cookies[cookie_name()].value)
    session[PROVED] = time.time() - ago
    session.save()
    return browser

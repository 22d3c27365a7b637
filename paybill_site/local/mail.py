"""The page of caught mails. It exists in embedded mode only, for one person.

Everything is shown as text: a mail is what somebody else wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from paybill_site.local.places import Places

NAME = re.compile(r"\d{8}T\d{12}-\d{6}")
SHOWN = 100


@dataclass(frozen=True)
class Mail:
    """One caught mail, as the page shows it."""

    id: str
    sender: str
    recipients: list[str]
    subject: str
    received_at: datetime
    text: str


def read(path: Path) -> Mail:
    """Read one stored mail."""
    message = message_from_bytes(path.read_bytes(), policy=default)
    body = message.get_body(("plain", "html"))
    received = datetime.strptime(path.stem.partition("-")[0], "%Y%m%dT%H%M%S%f")
    return Mail(
        id=path.stem,
        sender=str(message.get("From", "")),
        recipients=[to.strip() for to in str(message.get("To", "")).split(",")],
        subject=str(message.get("Subject", "")),
        received_at=received.replace(tzinfo=UTC),
        text=str(body.get_content()) if body else "",
    )


def newest(places: Places) -> list[Mail]:
    """The newest mails, newest first."""
    files = sorted(places.mail.glob("*.eml"), reverse=True)
    return [read(path) for path in files[:SHOWN]]


@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    """List the newest mails."""
    return render(request, "local/mail_list.html", {"mails": newest(_places())})


@require_safe
def mail_message(request: HttpRequest, name: str) -> HttpResponse:
    """Show one mail."""
    path = _places().mail / f"{name}.eml"
    if not NAME.fullmatch(name) or not path.is_file():
        raise Http404
    return render(request, "local/mail_message.html", {"mail": read(path)})


def _places() -> Places:
    return Places(settings.PAYBILL_LOCAL)

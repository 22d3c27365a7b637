"""Mails are caught, stored for their owner alone, and shown as text."""

from __future__ import annotations

import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from paybill_site.local import mail
from paybill_site.local.places import Places
from paybill_site.local.ports import listen
from tests.local.conftest import ROOT


@pytest.fixture
def catcher(places: Places) -> Iterator[int]:
    """Port of a mail catcher."""
    places.create()
    with listen(0) as listener:
        port, number = int(listener.getsockname()[1]), listener.fileno()
        words = ["-m", "paybill_site.local.mail_catcher", str(number), str(places.mail)]
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, pass_fds=[number]
        )
    with process:
        yield port
        process.terminate()
        assert process.wait(10) == 0


def message(subject: str) -> EmailMessage:
    found = EmailMessage()
    found["From"], found["To"] = "Paybill <paybill@localhost>", "ann@example.org"
    found["Subject"] = subject
    found.set_content("Open http://localhost:8000/confirm/\nGrüße <b>not bold</b>")
    return found


def test_a_mail_is_kept_as_it_was_sent(places: Places, catcher: int) -> None:
    with smtplib.SMTP("127.0.0.1", catcher) as server:
        server.send_message(message("Confirm your address"))
        server.send_message(message("Willkommen, Jürgen"))
    newest, first = mail.newest(places)
    assert newest.subject == "Willkommen, Jürgen"
    assert first.recipients == ["ann@example.org"]
    assert "Grüße <b>not bold</b>" in first.text
    for file in places.mail.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600


def test_only_names_that_the_catcher_gives_are_looked_up() -> None:
    assert mail.NAME.fullmatch("20261121T081029000001-000000")
    for name in ("../keys/session", "20261121T081029000001-000000/..", ""):
        assert not mail.NAME.fullmatch(name)

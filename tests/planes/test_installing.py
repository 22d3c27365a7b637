"""``install_database``: an operator prepares a server, once or twice."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

from paybill_site.kernel.planes import Place, cursor, plane
from tests.services import lock, superuser


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PAYBILL_SUPERUSER_URL", superuser())
    # Another process may be preparing the same server.
    with lock("services.lock"):
        yield


def test_a_repeat_leaves_everything_working(control: Place, address: None) -> None:
    said = StringIO()
    call_command("install_database", stdout=said)
    assert "are in place" in said.getvalue()
    with plane(control), cursor() as sql:
        sql.execute("SELECT current_user")
        assert sql.fetchone() == ("paybill_control_app",)


def test_it_asks_for_the_superuser(control: Place) -> None:
    with pytest.raises(CommandError, match="PAYBILL_SUPERUSER_URL"):
        call_command("install_database")


def test_it_refuses_log_ins_by_other_names(
    control: Place, address: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.databases["default"], "USER", "postgres")
    with pytest.raises(CommandError, match="paybill_app, not postgres"):
        call_command("install_database")

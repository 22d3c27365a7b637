"""Usual ports where they are free, the next ones where they are not."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from paybill_site.local import ports
from paybill_site.local.environment import embedded
from paybill_site.local.places import Places


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def test_a_taken_port_is_passed_over(taken: int) -> None:
    assert not ports.is_free(taken)
    assert ports.free(taken) > taken


def test_the_chosen_ports_are_kept_and_named_in_addresses(
    places: Places, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.create()
    usual = {"web": taken, "mail": taken}
    monkeypatch.setattr("paybill_site.local.environment.DEFAULT_PORTS", usual)
    chosen = ports.choose(places)
    assert len({*chosen.values(), taken}) == 3
    assert ports.choose(places) == chosen
    found = embedded(places)
    assert found["PAYBILL_BASE_URL"] == f"http://localhost:{chosen['web']}"
    assert found["EMAIL_URL"] == f"smtp://127.0.0.1:{chosen['mail']}"

"""Care goes round: databases that do not answer keep nobody from theirs."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from psycopg.conninfo import make_conninfo

from provisioning.databases import care, places, turns
from provisioning.databases.places import Ground, ground_of, placement_of
from tenants.models import Placement, Tenant


def test_a_database_that_does_not_answer_keeps_nobody_from_being_measured(
    bridge: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "CONNECT_SECONDS", 2)  # the least that libpq takes
    mine = placement_of(bridge)

    def deaf(placement: Placement) -> Ground:
        ground = ground_of(placement)
        if placement != mine:
            return ground
        dsn = make_conninfo(ground.dsn, host="127.0.0.1", port=port)
        return replace(ground, dsn=dsn)

    with socket.create_server(("127.0.0.1", 0)) as silent, monkeypatch.context() as now:
        port = silent.getsockname()[1]
        now.setattr(care, "ground_of", deaf)
        assert care.measure() == 2  # two more live here
        assert care.measure() == 0  # it alone is left, and tried again
    assert care.measure() == 1


def test_a_sweep_stops_for_the_others_and_the_next_draws_again(
    pooled: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[int] = set()
    monkeypatch.setattr(turns, "PATIENCE", 0)
    rows = Placement.objects.filter(state="taken")
    assert rows.count() == 3
    while len(seen) < rows.count():
        assert turns.each(turns.by_lot(rows), lambda row: seen.add(row.pk)) == 1


def test_who_cares_gives_up_when_nobody_answers(pooled: Tenant) -> None:
    assert "connect_timeout=5" in ground_of(placement_of(pooled)).dsn

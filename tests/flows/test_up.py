"""``./paybill up`` and ``./paybill demo`` as a newcomer runs them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import urljoin

import pytest

from paybill_site.local import services
from paybill_site.local.demo.browser import Browser
from paybill_site.local.demo.people import until
from paybill_site.local.places import Places
from tests.instance import ROOT, Instance, environment

pytestmark = [pytest.mark.slow, pytest.mark.longest]

ADDRESSES = ("portal", "operator admin", "API documentation", "mails sent here")


def left_over(local: Path) -> list[str]:
    """Command lines of processes that know this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            known = (process / "environ").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if str(local) in words or f"PAYBILL_LOCAL={local}\0" in known:
            found.append(words)
    return found


def test_it_starts_prints_where_everything_is_and_leaves_nothing_running(
    tmp_path: Path,
) -> None:
    local = tmp_path / "a clone" / ".local"
    local.parent.mkdir()
    first = Instance(local, tmp_path / "first.log")
    try:
        visitor = Browser()
        for words in ADDRESSES:
            assert visitor.get(first.printed(words)).status == 200, words
        assert visitor.get(urljoin(first.base, "/health/live")).status == 200
        ready = urljoin(first.base, "/health/ready")
        # The workers are heard of a few seconds after the pages are there.
        until(lambda: visitor.get(ready).status == 200 or None, "the workers")
        password = first.printed("password")
        assert len(password) >= 16
        assert first.stop() == 0
        assert left_over(local) == []

        second = Instance(local, tmp_path / "second.log")
        assert password not in second.lines
        assert visitor.get(second.base).status == 200
        assert second.stop() == 0
        assert left_over(local) == []
    finally:
        services.destroy(Places(local))


def test_the_demo_runs_on_a_fresh_installation(tmp_path: Path) -> None:
    local = tmp_path / ".local"
    try:
        told = subprocess.run(
            [str(ROOT / "paybill"), "demo"],
            cwd=ROOT,
            env=environment(local),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
        assert "The demo went well" in told.stdout
        assert "verifies the audit trail" in told.stdout
        assert left_over(local) == []
    finally:
        services.destroy(Places(local))

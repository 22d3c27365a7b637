"""The official suite against our view, with its fixtures behind it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.mcp import methods, offering, registry, tasks, turns, urls, views
from tests.mcp import fixtures, suite
from tests.mcp import urls as mount

# In one process, however many share the tests: so there is one server.
pytestmark = [pytest.mark.mcp, pytest.mark.xdist_group("conformance")]
BASELINE = suite.HERE / "baseline.yml"
slow = pytest.mark.slow


@pytest.fixture(scope="module")
def folder() -> Path:
    return suite.installed()


@pytest.fixture(scope="module")
def address(
    folder: Path, django_db_setup: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    log = tmp_path_factory.mktemp("mcp") / "server.log"
    with suite.server(log) as found:
        yield found


@slow
def test_all_that_counts_of_2026_07_28(folder: Path, address: str) -> None:
    report = suite.run(folder, address, "--requirements", "2026-07-28")
    needed = suite.required(folder, "2026-07-28")
    assert len(needed) == 37
    assert needed <= report.checks.keys(), report.text[-3000:]
    failed = {name for name in needed if report.checks[name][1]}
    assert not failed, report.text
    # Run by the suite, and not counted by it yet.
    for name in ("http-header-validation", "http-custom-header-server-validation"):
        assert report.checks[name][1] == 0, report.text
    assert sum(report.checks[name][0] for name in needed) == 115


@slow
def test_of_2025_11_25_what_needs_no_session(folder: Path, address: str) -> None:
    words = ("--requirements", "2025-11-25", "--expected-failures", str(BASELINE))
    report = suite.run(folder, address, *words)
    assert report.status == 0, report.text
    needed = suite.required(folder, "2025-11-25")
    expected = set(yaml.safe_load(BASELINE.read_text())["server"])
    assert needed <= report.checks.keys(), report.text[-3000:]
    failed = {name for name in needed if report.checks[name][1]}
    assert failed <= expected <= needed
    rest = needed - expected
    assert sum(report.checks[name][0] for name in rest) == 43


@slow
def test_a_baseline_that_is_stale_fails(
    folder: Path, address: str, tmp_path: Path
) -> None:
    stale = tmp_path / "stale.yml"
    stale.write_text("server:\n  - ping\n")
    words = ("--scenario", "ping", "--spec-version", "2025-11-25")
    report = suite.run(folder, address, *words, "--expected-failures", str(stale))
    assert report.status != 0
    assert "stale" in report.text.lower(), report.text


def test_what_can_not_be_had_is_left_out_or_fails_where_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.BASE_DIR = tmp_path
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(suite.NEEDED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="npm is not installed"):
        suite.installed()
    monkeypatch.setenv(suite.NEEDED, "1")
    with pytest.raises(pytest.fail.Exception, match="npm is not installed"):
        suite.installed()


def test_the_mount_of_the_tests_has_no_handler_of_its_own() -> None:
    (route,) = mount.urlpatterns
    (ours,) = urls.urlpatterns
    assert type(route.callback) is type(ours.callback) is views.Endpoint
    assert vars(route.callback).keys() == {"registry", "admit"}
    # The fixtures are data behind the registry: nothing in them knows HTTP or JSON-RPC.
    words = inspect.getsource(fixtures)
    for word in ("django.http", "jsonrpc", "HttpRe", "tools/list", "tools/call", "SSE"):
        assert word not in words
    ask = {name for name in vars(registry.Registry) if not name.startswith("_")}
    assert ask == {name for name in vars(offering.Agents) if not name.startswith("_")}
    assert ask == {name for name in vars(fixtures.Fixtures) if not name.startswith("_")}


def test_every_method_is_the_protocols_own() -> None:
    for handler in (*methods.MODERN.values(), *methods.LEGACY.values()):
        assert handler.__module__ in {m.__name__ for m in (methods, turns, tasks)}

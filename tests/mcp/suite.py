"""The official conformance suite: installed once, run against a server of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
import yaml
from django.conf import settings
from django.db import connections

from paybill_site.local import parts
from tests import services

HERE = Path(__file__).parent
PACKAGES = ("node@22.23.3", "@modelcontextprotocol/conformance@0.2.0-alpha.12")
SUITE = "node_modules/@modelcontextprotocol/conformance"
# Set where somebody asked for the suite: then it runs, or that is a failure.
NEEDED = "PAYBILL_TEST_NEEDS_MCP"
LINE = re.compile(r"^[✓✗] (\S+): (\d+) passed, (\d+) failed$", re.MULTILINE)


@dataclass(frozen=True)
class Report:
    """What the suite said: its exit status and, by scenario, passed and failed."""

    status: int
    checks: dict[str, tuple[int, int]]
    text: str


def absent(why: str) -> NoReturn:
    """Skip for this reason, or fail where nothing of the suite may be left out."""
    if os.environ.get(NEEDED):
        pytest.fail(f"not run, and so not passed: {why}", pytrace=False)
    pytest.skip(why)


def installed() -> Path:
    """The folder with the suite; ``absent`` where npm or its registry is missing."""
    folder = Path(settings.BASE_DIR) / ".local" / "mcp" / "-".join(_versions())
    folder.mkdir(parents=True, exist_ok=True)
    with services.lock("mcp-suite.lock"):
        if not (folder / "complete").exists():
            _install(folder)
    return folder


def _versions() -> list[str]:
    return [package.rpartition("@")[2] for package in PACKAGES]


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        absent("npm is not installed")
    words = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder)]
    done = subprocess.run(
        [*words, *PACKAGES], capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        absent(f"npm could not install the suite: {done.stderr[-300:]}")
    (folder / "complete").touch()


def required(folder: Path, revision: str) -> set[str]:
    """The scenarios of servers that count for a revision."""
    text = (folder / SUITE / "requirements" / f"{revision}.yaml").read_text()
    return set(yaml.safe_load(text)["server"])


@contextmanager
def server(log: Path, mounted: str = "tests.mcp.urls") -> Iterator[str]:
    """The product's WSGI application with an address book; the address of MCP."""
    port = services.any_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.mcp.settings",
        "PAYBILL_TEST_URLS": mounted,
        "PAYBILL_TEST_DATABASE": str(connections["default"].settings_dict["NAME"]),
    }
    words = ["gunicorn", "paybill_site.wsgi:application", f"--bind=127.0.0.1:{port}"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *words, "--worker-class=gthread", "--threads=8"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until = time.monotonic() + 60
        while not parts.answers(port):
            assert process.poll() is None, log.read_text("utf-8", "replace")[-3000:]
            assert time.monotonic() < until, log.read_text("utf-8", "replace")[-3000:]
            time.sleep(0.1)
        yield f"http://localhost:{port}/mcp"
    finally:
        process.terminate()
        process.wait(20)


def run(folder: Path, address: str, *words: str) -> Report:
    """Run the scenarios for servers that the words choose."""
    binaries = folder / "node_modules" / ".bin"
    asked = ["server", "--url", address, *words]
    done = subprocess.run(
        [str(binaries / "conformance"), *asked],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"},
    )
    text = done.stdout + done.stderr
    found = {name: (int(ok), int(bad)) for name, ok, bad in LINE.findall(text)}
    return Report(done.returncode, found, text)

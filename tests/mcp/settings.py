"""The tests' settings with another address book: the fixtures' mount, and no more."""

from __future__ import annotations

from tests.settings import *  # noqa: F403

ROOT_URLCONF = "tests.mcp.urls"

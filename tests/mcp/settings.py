"""The tests' settings with another address book: the fixtures' mount, and no more."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

ROOT_URLCONF = "tests.mcp.urls"
# The database of the test that started this process.
DATABASES["default"]["NAME"] = os.environ["PAYBILL_TEST_DATABASE"]

"""The tests' settings for a process of its own: whose addresses, which database."""

from __future__ import annotations

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

ROOT_URLCONF = os.environ["PAYBILL_TEST_URLS"]
# The database of the test that started this process.
DATABASES["default"]["NAME"] = os.environ["PAYBILL_TEST_DATABASE"]

"""Settings of a runner that a test starts as a process: the test's own database."""

from __future__ import annotations

import os
from pathlib import Path

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, PAYBILL_LOCAL

DATABASES["default"]["NAME"] = os.environ["PAYBILL_TEST_DATABASE"]
PAYBILL_BASE_URL = os.environ["PAYBILL_TEST_URL"]
# Another host has another disk; its services are the same.
PAYBILL_LOCAL = Path(os.environ.get("PAYBILL_TEST_DISK", PAYBILL_LOCAL))

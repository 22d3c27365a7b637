"""Where the tests find the retail data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("PAYBILL_SHARED", "/nowhere")) / "data" / "retail"
needs_data = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="PAYBILL_SHARED does not name the retail data"
)

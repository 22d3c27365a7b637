"""Settings of the tests: the product's, on embedded services of their own."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

# A developer's running instance is never touched, nor a production named by accident.
os.environ.setdefault(
    "PAYBILL_LOCAL", str(Path(__file__).resolve().parent.parent / ".local" / "test")
)
for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "PAYBILL_MODE"):
    os.environ.pop(name, None)

from paybill_site.settings import *  # noqa: E402, F403
from paybill_site.settings import CACHES, PAYBILL_SELLER  # noqa: E402

# Nothing that an earlier run or another worker stored is found.
CACHES["default"]["KEY_PREFIX"] = uuid.uuid4().hex
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Nobody sells: nothing is taxed, unless a test says who does.
PAYBILL_SELLER = dict.fromkeys(PAYBILL_SELLER, "")
# Static files come from the finders; nothing was collected.
STATIC_ROOT = None

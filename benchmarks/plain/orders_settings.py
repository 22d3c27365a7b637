"""The plain project on the tenant's own tables, in its role and schema."""

from __future__ import annotations

import os

from benchmarks.plain.settings import *  # noqa: F403
from benchmarks.plain.settings import DATABASES as _THERE

_options = {"options": os.environ["PLAIN_OPTIONS"]}
DATABASES = {"default": {**_THERE["default"], "OPTIONS": _options}}
ROOT_URLCONF = "benchmarks.plain.orders"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}

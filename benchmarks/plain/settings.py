"""A small project on the bench's own server: token, serializer, one table."""

from __future__ import annotations

import os
from typing import Any

from psycopg.conninfo import conninfo_to_dict

_where = conninfo_to_dict(os.environ["PLAIN_DSN"])
SECRET_KEY = "not a secret: gone after the bench"  # noqa: S105
ALLOWED_HOSTS = ["localhost"]
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _where["dbname"],
        "CONN_MAX_AGE": None,
        **{n: str(_where.get(n.lower(), "")) for n in ("HOST", "PORT", "USER")},
        "PASSWORD": str(_where.get("password", "")),
    }
}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "rest_framework.authtoken",
    "benchmarks.plain",
]
ROOT_URLCONF = "benchmarks.plain.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}

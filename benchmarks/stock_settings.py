"""Paybill's apps as django-tenants has them: its engine, its router, one log-in."""

from __future__ import annotations

from psycopg.conninfo import conninfo_to_dict

from paybill_site.local.places import Places
from paybill_site.local.postgres import Server
from paybill_site.settings import *  # noqa: F403
from paybill_site.settings import DATABASES, PAYBILL_LOCAL

_where = conninfo_to_dict(Server(Places(PAYBILL_LOCAL)).dsn("stock"))
DATABASES["default"] = {
    "ENGINE": "django_tenants.postgresql_backend",
    "NAME": "stock",
    **{name: str(_where.get(name.lower(), "")) for name in ("HOST", "PORT", "USER")},
    "PASSWORD": str(_where.get("password", "")),
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_SYNC_ROUTER = "django_tenants.routers.TenantSyncRouter"

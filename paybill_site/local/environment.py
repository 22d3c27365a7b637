"""The environment that the embedded services stand for.

Settings read one mapping of names to text; without a production variable this module
supplies it, so both modes take the same path through settings.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from paybill_site.environ import REQUIRED, public_half
from paybill_site.local import keys
from paybill_site.local.places import Places

DATABASE = "paybill"
# Nobody: a seller to try invoices with. The number is a published example.
SAMPLE_SELLER = {
    "PAYBILL_SELLER_NAME": "Sample Software GmbH (sample)",
    "PAYBILL_SELLER_STREET": "Beispielstrasse 1",
    "PAYBILL_SELLER_POSTCODE": "10115",
    "PAYBILL_SELLER_CITY": "Berlin",
    "PAYBILL_SELLER_COUNTRY": "DE",
    "PAYBILL_SELLER_VAT_NUMBER": "DE136695976",
}
DEFAULT_PORTS = {"web": 8000, "mail": 8025, "aws": 8050}


def ports(places: Places) -> dict[str, int]:
    """The ports that the supervisor chose, or the usual ones before its first start."""
    try:
        chosen: dict[str, int] = json.loads((places.local / "ports.json").read_text())
    except FileNotFoundError:
        return dict(DEFAULT_PORTS)
    return DEFAULT_PORTS | chosen


def database_url(places: Places, user: str, database: str = DATABASE) -> str:
    """libpq address of a database on the embedded server, reached by its socket."""
    secret = quote(keys.read(places, user), safe="")
    host = quote(str(places.postgres_sockets), safe="")
    return f"postgresql://{user}:{secret}@/{database}?host={host}"


def redis_url(places: Places, db: int = 0) -> str:
    """Address of the embedded Redis, by its socket."""
    secret = quote(keys.read(places, "redis"), safe="")
    return f"unix://:{secret}@{places.redis_socket}?db={db}"


def embedded(places: Places) -> dict[str, str]:
    """Every variable that a production installation would have to set."""
    chosen = ports(places)
    return {
        "DATABASE_URL": database_url(places, "paybill_app"),
        "PAYBILL_PROVISIONER_URL": database_url(places, "paybill_provisioner"),
        "REDIS_URL": redis_url(places),
        "EMAIL_URL": f"smtp://127.0.0.1:{chosen['mail']}",
        "PAYBILL_BASE_URL": f"http://localhost:{chosen['web']}",
        "PAYBILL_TENANT_DOMAIN": "localhost",
        **SAMPLE_SELLER,
        **{name: keys.read(places, kind) for name, kind in keys.PRODUCTION.items()},
    }


def rehearsal() -> dict[str, str]:
    """A production environment that leads nowhere, for `check --deploy` and tests."""
    return {
        "DATABASE_URL": "postgresql://paybill_app@127.0.0.1:1/paybill",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EMAIL_URL": "smtps://127.0.0.1:1",
        "PAYBILL_BASE_URL": "https://paybill.example",
        "PAYBILL_TENANT_DOMAIN": "tenants.paybill.example",
        **{name: keys.KINDS[kind]() for name, kind in keys.PRODUCTION.items()},
    }


def tenant_rehearsal() -> dict[str, str]:
    """The same for a tenant on a server of its own: public halves, no control plane."""
    whole = rehearsal()
    own = {name: whole[name] for name in REQUIRED}
    return own | {
        "PAYBILL_MODE": "tenant",
        "PAYBILL_TENANT_ID": "ten_01",
        "PAYBILL_SCHEMA": "t_01",
        "PAYBILL_LICENCE_PUBLIC_KEY": public_half(whole["PAYBILL_LICENCE_KEY"]),
        "PAYBILL_ENTRY_PUBLIC_KEY": public_half(whole["PAYBILL_ENTRY_KEY"]),
    }

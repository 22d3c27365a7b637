"""`./paybill doctor`: each part: found, version, reachable, or what to do.

    python -m paybill_site.local.doctor

It loads settings and no app, so that it also works, and says why, where they do not.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import make_conninfo

from paybill_site.local import parts, terraform
from paybill_site.local.environment import ports
from paybill_site.local.places import Places

Finding = tuple[bool, str]


def examine() -> int:
    """Print a line for each part; returns how many need a look."""
    sick = 0
    for name, look in EXAMINATIONS.items():
        well, finding = look()
        sick += not well
        print(f"{'ok  ' if well else 'LOOK'}  {name:<11} {finding}")  # noqa: T201
    return sick


def _python() -> Finding:
    return True, f"{platform.python_version()} ({sys.executable})"


def _mode() -> Finding:
    if settings.PAYBILL_EMBEDDED:
        return True, f"embedded, data and keys in {settings.PAYBILL_LOCAL}"
    return True, f"production, {settings.PAYBILL_MODE}"


def _keys() -> Finding:
    folder = Path(settings.PAYBILL_LOCAL) / "keys"
    if not settings.PAYBILL_EMBEDDED:
        return True, "from the environment"
    open_ones = [path.name for path in folder.glob("*") if path.stat().st_mode & 0o077]
    if open_ones:
        return False, f"readable by others: chmod 600 {folder}/{' '.join(open_ones)}"
    return True, f"{len(list(folder.glob('*')))} files, readable by their owner alone"


def _postgres() -> Finding:
    default = settings.DATABASES["default"]
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD"}
    names |= {"host": "HOST", "port": "PORT"}
    given = {libpq: default[key] for libpq, key in names.items() if default[key]}
    try:
        with psycopg.connect(make_conninfo(**given, connect_timeout=3)) as connection:
            version = connection.info.server_version
    except psycopg.OperationalError as error:
        return False, f"{str(error).splitlines()[0]} - {_start()}"
    if version < 180000:
        return False, f"version {version // 10000}: PostgreSQL 18 is needed"
    return True, f"{version // 10000}.{version % 10000}"


def _redis() -> Finding:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3) as connection:
            return True, str(connection.info("server")["redis_version"])
    except redis.RedisError as error:
        return False, f"{error} - {_start()}"


def _mail() -> Finding:
    options = settings.MAILERS["default"]["OPTIONS"]
    if settings.PAYBILL_EMBEDDED and not parts.listens(options["port"]):
        return False, f"nobody listens on port {options['port']} - {_start()}"
    return True, f"{options['host']}:{options['port']}"


def _simulator() -> Finding:
    if not settings.PAYBILL_EMBEDDED:
        return True, "none, this is production"
    port = ports(Places(settings.PAYBILL_LOCAL))["aws"]
    if not parts.listens(port):
        return False, f"AWS is not simulated on port {port} - {_start()}"
    return True, f"AWS on port {port}"


def _web() -> Finding:
    address = urlsplit(settings.PAYBILL_BASE_URL)
    if settings.PAYBILL_EMBEDDED and not parts.listens(address.port or 80):
        return False, f"nobody listens at {settings.PAYBILL_BASE_URL} - {_start()}"
    return True, settings.PAYBILL_BASE_URL


def _terraform() -> Finding:
    try:
        path = terraform.find()
    except terraform.NoTerraform as error:
        return False, f"{error}; bridge and silo plans are off until then"
    found = ".".join(map(str, terraform.version(path) or ()))
    return True, f"{found} ({path})"


def _stripe() -> Finding:
    if not settings.PAYBILL_STRIPE_SECRET_KEY:
        return True, "not used: PAYBILL_STRIPE_SECRET_KEY is not set"
    if not settings.PAYBILL_STRIPE_WEBHOOK_SECRETS:
        return False, "no PAYBILL_STRIPE_WEBHOOK_SECRETS: what Stripe tells is refused"
    live = "_live_" in settings.PAYBILL_STRIPE_SECRET_KEY
    count = len(settings.PAYBILL_STRIPE_WEBHOOK_SECRETS)
    return True, f"{'live' if live else 'test'} key, {count} webhook secrets"


def _disk() -> Finding:
    left = os.statvfs(settings.BASE_DIR)
    free = left.f_bavail * left.f_frsize / 1e9
    return free > 1, f"{free:.1f} GB free" + ("" if free > 1 else ": make room")


def _start() -> str:
    if settings.PAYBILL_EMBEDDED:
        return "start it with ./paybill up"
    return "check the address and that the service runs"


EXAMINATIONS: dict[str, Callable[[], Finding]] = {
    "Python": _python,
    "mode": _mode,
    "keys": _keys,
    "PostgreSQL": _postgres,
    "Redis": _redis,
    "mail": _mail,
    "simulator": _simulator,
    "web": _web,
    "Terraform": _terraform,
    "Stripe": _stripe,
    "disk": _disk,
}


def main() -> int:
    """Exit status: 0 when all is well."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paybill_site.settings")
    try:
        settings.PAYBILL_MODE  # noqa: B018 - the first look loads the settings
    except ImproperlyConfigured as error:
        print(f"LOOK  settings    {error}")  # noqa: T201
        return 1
    return 1 if examine() else 0


if __name__ == "__main__":
    sys.exit(main())

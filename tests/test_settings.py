"""Production is asked for by one variable, and then everything is required."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from paybill_site.environ import (
    CONTROL_REQUIRED,
    REQUIRED,
    TENANT_REQUIRED,
    database,
    mailer,
)
from paybill_site.local.environment import rehearsal, tenant_rehearsal

SETTINGS = Path(__file__).parent.parent / "paybill_site" / "settings.py"
TRIGGERS = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL")
COMPLETE = rehearsal()


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A function that reads the settings under the given environment alone."""

    def run(environment: dict[str, str]) -> dict[str, Any]:
        for name in {*REQUIRED, *CONTROL_REQUIRED, *TENANT_REQUIRED, "PAYBILL_MODE"}:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PAYBILL_LOCAL", str(tmp_path / ".local"))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(SETTINGS))

    return run


def test_nothing_set_means_embedded(load: Any, tmp_path: Path) -> None:
    found = load({})
    assert found["PAYBILL_EMBEDDED"]
    assert not found["DEBUG"]
    assert "paybill_site.local" in found["INSTALLED_APPS"]
    assert found["PAYBILL_BASE_URL"] == "http://localhost:8000"
    for key in (tmp_path / ".local" / "keys").iterdir():
        assert key.stat().st_mode & 0o777 == 0o600


def test_keys_are_made_once(load: Any) -> None:
    assert load({})["PAYBILL_KEYS"] == load({})["PAYBILL_KEYS"]


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_one_variable_asks_for_production_and_everything_missing_is_named(
    load: Any, trigger: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        load({trigger: COMPLETE[trigger]})
    for name in {*REQUIRED, *CONTROL_REQUIRED} - {trigger}:
        assert f"- {name}: " in str(refused.value)


@pytest.mark.parametrize("name", sorted({*REQUIRED, *CONTROL_REQUIRED}))
def test_production_without_one_of_its_values_does_not_start(
    load: Any, name: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"- {name}: "):
        load({key: value for key, value in COMPLETE.items() if key != name})


@pytest.mark.parametrize("name", sorted(TENANT_REQUIRED))
def test_a_tenant_by_itself_without_one_of_its_values_does_not_start(
    load: Any, name: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"- {name}: "):
        load({k: v for k, v in tenant_rehearsal().items() if k != name})


def test_production_has_nothing_that_is_for_development(load: Any) -> None:
    found = load(COMPLETE)
    assert not found["PAYBILL_EMBEDDED"]
    assert not found["DEBUG"]
    assert "paybill_site.local" not in found["INSTALLED_APPS"]
    assert not (Path(found["PAYBILL_LOCAL"])).exists()


def test_production_under_https_is_strict(load: Any) -> None:
    found = load(COMPLETE)
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["SECURE_SSL_REDIRECT"]
    assert found["SECURE_HSTS_SECONDS"] >= 31536000
    assert "'unsafe-eval'" not in str(found["SECURE_CSP"])
    assert "'unsafe-inline'" not in str(found["SECURE_CSP"])


def test_a_proxy_header_counts_only_when_it_was_asked_for(load: Any) -> None:
    assert "SECURE_PROXY_SSL_HEADER" not in load(COMPLETE)
    behind = load(COMPLETE | {"PAYBILL_BEHIND_PROXY": "1"})
    assert behind["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")


def test_a_tenant_by_itself_has_no_control_plane(load: Any) -> None:
    found = load(tenant_rehearsal())
    apps = set(found["INSTALLED_APPS"])
    assert not apps & {"tenants", "billing", "provisioning", "paybill_site.local"}
    assert found["ROOT_URLCONF"] == "paybill_site.urls_tenant"
    assert "tenants.routing.HostMiddleware" not in found["MIDDLEWARE"]
    assert not {"licence", "entry", "oidc"} & set(found["PAYBILL_KEYS"])


def test_a_secret_can_come_from_a_file(load: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of-the-file\n")
    given = COMPLETE | {"PAYBILL_SECRET_KEY_FILE": str(secret)}
    del given["PAYBILL_SECRET_KEY"]
    assert load(given)["SECRET_KEY"] == "of-the-file"


def test_a_secret_file_that_is_missing_is_named(load: Any, tmp_path: Path) -> None:
    given = COMPLETE | {"REDIS_URL_FILE": str(tmp_path / "nowhere")}
    with pytest.raises(ImproperlyConfigured, match=r"REDIS_URL_FILE.*nowhere"):
        load(given)


def test_an_unknown_mode_is_refused(load: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="PAYBILL_MODE"):
        load({"PAYBILL_MODE": "both"})


def test_database_address_keeps_its_options() -> None:
    found = database("postgresql://u:p%40ss@db.example:6432/paybill?sslmode=require")
    assert (found["USER"], found["PASSWORD"], found["PORT"]) == ("u", "p@ss", "6432")
    assert found["OPTIONS"] == {"sslmode": "require", "server_side_binding": True}


@pytest.mark.parametrize(
    ("address", "port", "tls", "ssl"),
    [
        ("smtp://mail.example", 25, False, False),
        ("smtp+tls://u:p@mail.example", 587, True, False),
        ("smtps://mail.example", 465, False, True),
    ],
)
def test_mail_addresses(address: str, port: int, tls: bool, ssl: bool) -> None:
    options = mailer(address)["OPTIONS"]
    assert (options["port"], options["use_tls"], options["use_ssl"]) == (port, tls, ssl)


def test_a_mail_address_of_another_kind_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        mailer("imap://mail.example")

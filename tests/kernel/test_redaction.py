"""Secrets are masked in whatever clothes they come; ordinary words stay."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paybill_site.kernel.redaction import redact

S = "hunter2-Very.Secret/value+x="
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {S}",
        f"authorization: Basic {S}",
        f"Proxy-Authorization: Digest username={S}",
        f"{{'Authorization': 'Bearer {S}'}}",
        f'{{"authorization":"{S}"}}',
        f"sent with bearer {S}",
        f"Cookie: csrf=1; sessionid={S}",
        f"Set-Cookie: paybill={S}; Path=/",
        f"{{'Cookie': 'a=b; c={S}'}}",
        f"password={S}",
        f"password: {S}",
        f"PASSWORD = '{S}'",
        f'password="two words {S} more"',
        f"password='it\\'s {S}'",
        f"DB_PASSWORD={S}",
        f"POSTGRES_PASSWORD: {S}",
        f"aws_secret_access_key = {S}",
        f"client_secret={S}&grant_type=x",
        f'"access_token": "{S}"',
        json.dumps(json.dumps({"refresh_token": S})),
        f"PAYBILL_DATA_KEYS={S}",
        f"X-Api-Key: {S}",
        f"api_key => {S}",
        f"password1={S}",
        f"{{'password': b'{S}'}}",
        f"host=db user=a password={S} dbname=b",
        "postgres://user:hunter2-Very.Secret@db/x",
        "postgres://user:p@ss:hunter2-Very.Secret@db/x",
        "redis://:hunter2-Very.Secret@localhost:6379/0",
        f"https://example.org/cb?code={S}&state=1",
        f"GET /x?a=1&key={S}",
        f"{PEM} hunter2"[:-8].replace("MC4", "hunter2-Very.Secret"),
        PEM[:-20].replace("MC4", "hunter2-Very.Secret"),
    ],
)
def test_a_secret_is_masked(text: str) -> None:
    shown = redact(text)
    assert "hunter2" not in shown
    assert "ecret/value" not in shown
    assert "[redacted]" in shown


@pytest.mark.parametrize(
    "token",
    [
        "pbk_agent_" + "a1" * 16,
        "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4eHgifQ.c2lnbmF0dXJl",
        "AKIA" + "ABCDEFGH23456789",
        "ghp_" + "a" * 36,
        "sk_live_" + "b" * 24,
        "https://" + "c" * 40 + "@github.com/x",
    ],
)
def test_a_token_is_known_by_its_form(token: str) -> None:
    assert token not in redact(f"before {token} after")
    assert redact(f"before {token} after").startswith("before ")


@pytest.mark.parametrize(
    "text",
    [
        "terraform exited with code: 1",
        "status code=404, error code: E1001",
        "the password was changed",
        "a token with 3 scopes was issued",
        "max_tokens=500 and tokens: 12",
        "GET /runs/?state=failed&page=2 200",
        "see https://docs.example.org/tokens/#secret",
        "git clone ssh://git@example.org/x",
        "mail to someone@example.org: queued",
        "10:15:03 secretary: present",
        "run run_01jq0000000000000000000000 is planned",
        "monkey: banana",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert redact(text) == text


def test_what_names_the_secret_stays() -> None:
    assert redact("DB_PASSWORD=x1 HOST=h") == "DB_PASSWORD=[redacted] HOST=h"


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "part", ["a_", "password", "://", "://a:", "-----BEGIN ", "=", '\\"', "a" * 9 + "_"]
)
def test_long_texts_take_little_time(part: str) -> None:
    started = time.monotonic()
    redact(part * (200_000 // len(part)))
    assert time.monotonic() - started < 5

"""How this host reaches the network: its proxies, and whom it trusts.

Terraform and its providers read the same variables as every program written in Go, so
they are handed on as they stand; nothing else of the host's environment is.
"""

from __future__ import annotations

import os
import re
from urllib.parse import unquote

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
TRUST = ("SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_CA_BUNDLE")
HANDED_ON = (*PROXIES, *(name.lower() for name in PROXIES), *TRUST)
PASSWORD = re.compile(r"^(?:\w+://)?[^:/@]*:([^/]+)@")


def environment() -> dict[str, str]:
    """What Terraform needs to leave this host, where the host says something."""
    return {name: os.environ[name] for name in HANDED_ON if os.environ.get(name)}


def secrets() -> tuple[str, ...]:
    """Passwords in the addresses of proxies, as written and as meant: for no log."""
    found = map(PASSWORD.match, environment().values())
    written = [match[1] for match in found if match]
    return tuple({form for one in written for form in (one, unquote(one))})

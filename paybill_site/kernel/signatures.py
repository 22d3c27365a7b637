"""Requests that are signed by whoever sends them, as Oracle's services ask for.

As draft-cavage-http-signatures says, in the form of Oracle's documentation "Request
Signatures" (version 1, rsa-sha256).
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

WITH_BODY = frozenset({"POST", "PUT"})


def signed(
    key: RSAPrivateKey, name: str, method: str, url: str, body: bytes = b""
) -> dict[str, str]:
    """The headers of a request; ``name`` is how the receiver knows the key."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {
        "date": format_datetime(datetime.now(UTC), usegmt=True),
        "host": parts.netloc,
    }
    if method in WITH_BODY:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers |= {
            "content-length": str(len(body)),
            "content-type": "application/json",
            "x-content-sha256": digest,
        }
    lines = {"(request-target)": f"{method.lower()} {path}", **headers}
    plain = "\n".join(f"{word}: {value}" for word, value in lines.items())
    made = key.sign(plain.encode(), PKCS1v15(), SHA256())
    signature = base64.b64encode(made).decode()
    headers["authorization"] = (
        f'Signature version="1",keyId="{name}",algorithm="rsa-sha256",'
        f'headers="{" ".join(lines)}",signature="{signature}"'
    )
    return headers

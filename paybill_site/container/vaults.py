"""The secret stores that a container enters by an identity of its own: no key anywhere.

Oracle: the container instance is a resource principal; its token and private key are in
files that the service renews (OCI_RESOURCE_PRINCIPAL_*, version 2.2).
IBM: Code Engine gives the application a token, which IAM exchanges for one of the
trusted profile that PAYBILL_IDENTITY names.

Neither was tried against the cloud itself.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from paybill_site.environ import read
from paybill_site.kernel.signatures import signed

TIMEOUT, LIMIT = 10.0, 1 << 20  # seconds of silence; bytes of an answer
ORACLE = "https://secrets.vaults.{}.oci.oraclecloud.com"
OCID = re.compile(r"ocid1\.vaultsecret\.[a-z0-9.-]+")
IAM = "https://iam.cloud.ibm.com"
SECRETS_MANAGER = re.compile(
    r"https://[0-9a-f-]+\.[a-z-]+\.secrets-manager\.appdomain\.cloud/api/v2/[a-z0-9/_-]+"
)
TOKEN = Path("/var/run/secrets/codeengine.cloud.ibm.com/compute-resource-token/token")
CR_TOKEN = "urn:ibm:params:oauth:grant-type:cr-token"  # noqa: S105 - a name


class Closed(RuntimeError):
    """A store did not give a secret: it is not there yet, or nobody may read it yet."""


def read_secret(reference: str, given: Mapping[str, str]) -> str:
    """The newest content of a secret. Raises Closed."""
    if OCID.fullmatch(reference):
        return _from_oracle(reference, given)
    if SECRETS_MANAGER.fullmatch(reference):
        return _from_ibm(reference, given)
    raise Closed("a reference is the OCID of a secret or an address at IBM")


def _from_oracle(reference: str, given: Mapping[str, str]) -> str:
    token = _file(_named(given, "OCI_RESOURCE_PRINCIPAL_RPST"))
    pem = _file(_named(given, "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM"))
    key = cast(RSAPrivateKey, load_pem_private_key(pem.encode(), None))
    base = ORACLE.format(given.get("OCI_RESOURCE_PRINCIPAL_REGION", ""))
    url = f"{base}/20190301/secretbundles/{reference}"
    found = _answered("GET", url, signed(key, f"ST${token}", "GET", url))
    content = _text(found.get("secretBundleContent", {}), "content")
    return base64.b64decode(content).decode()


def _from_ibm(reference: str, given: Mapping[str, str]) -> str:
    fields = {
        "grant_type": CR_TOKEN,
        "cr_token": _file(TOKEN),
        "profile_name": read(given, "PAYBILL_IDENTITY"),
    }
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(fields).encode()
    made = _answered("POST", f"{IAM}/identity/token", form, body)
    bearer = {"Authorization": f"Bearer {_text(made, 'access_token')}"}
    return _text(_answered("GET", reference, bearer), "payload")


def _answered(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
) -> dict[str, Any]:
    """An object; a refusal is told by its number: its words may quote a token."""
    parts = urlsplit(url)
    host, path = parts.netloc, parts.path
    # Not kernel.web: it reads settings, which this process does not have.
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    line = kind(host, timeout=TIMEOUT)
    try:
        line.request(method, path, body, dict(headers))
        answer = line.getresponse()
        said = answer.read(LIMIT)
    except (OSError, HTTPException) as error:
        raise Closed(f"{host} was not reached: {type(error).__name__}") from error
    finally:
        line.close()
    if answer.status != HTTPStatus.OK:
        raise Closed(f"{host} answered {answer.status}")
    try:
        found = json.loads(said)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Closed(f"{host} answered with something else than an object")
    return found


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise Closed(f"an answer has no {name}")
    return value


def _named(given: Mapping[str, str], name: str) -> Path:
    """The file that a variable names. Raises Closed."""
    if not given.get(name):
        raise Closed(f"{name} is not set: this container has no identity")
    return Path(given[name])


def _file(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise Closed(f"{path.name}: {error.strerror}") from error

"""Oracle's exchange: our token and a fresh public key for a user principal session.

1. A key pair is made for the phase; its private half never leaves the run's folder.
2. The identity domain takes our token (an identity propagation trust names us) and the
   public half, and answers with a session token of an hour.
3. The provider signs with the private half and reads the token from a file that is
   renewed, with the same key, while the run is held.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from paybill_site.kernel.signatures import signed
from provisioning.clouds import keys
from provisioning.clouds.adapters import Access
from provisioning.clouds.calls import exchange, text
from provisioning.clouds.facts import FACTS
from provisioning.errors import CloudFailed
from provisioning.identity.files import TokenFile, write_private
from provisioning.identity.tokens import PURPOSES, Bearer, Purpose, mint
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.states import Cloud, Method, Phase

AUDIENCE = FACTS[Cloud.ORACLE].audience


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and the name under which Oracle knows its public half."""

    key: rsa.RSAPrivateKey
    name: str

    def headers(self, method: str, url: str, body: bytes = b"") -> dict[str, str]:
        """Those of a request that Oracle accepts."""
        return signed(self.key, self.name, method, url, body)


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _public(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )


def _pem(key: rsa.RSAPrivateKey) -> str:
    form = PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def _fingerprint(key: rsa.RSAPrivateKey) -> str:
    digest = hashlib.md5(_public(key), usedforsecurity=False)
    return ":".join(f"{byte:02x}" for byte in digest.digest())


def session_token(
    account: CloudAccount, purpose: Purpose, ours: str, key: rsa.RSAPrivateKey
) -> str:
    """Our token for a session token bound to the key. Raises CloudFailed."""
    secret = keys.static(account).get(purpose, "")
    client = f"{keys.identity(account, purpose)}:{secret}"
    base = account.endpoint or str(account.details.get("identity_domain", ""))
    found = exchange(
        f"{base}/oauth2/v1/token",
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "requested_token_type": "urn:oci:token-type:oci-upst",
            "public_key": base64.b64encode(_public(key)).decode(),
            "subject_token": ours,
            "subject_token_type": "jwt",
        },
        {"Authorization": f"Basic {base64.b64encode(client.encode()).decode()}"},
    )
    return text(found, "token")


@contextmanager
def access(run: Run, phase: Phase, folder: Path) -> Iterator[Access]:
    """The provider's variables; it finds its configuration below HOME."""
    account, purpose = keys.account_of(run.deployment), PURPOSES.get(phase)
    region = run.deployment.region
    if account.method == Method.EXCHANGED and purpose is not None:
        bearer = Bearer(account, purpose, run.deployment, run)
        with _session(account, bearer, region, folder) as variables:
            yield Access(variables)
        return
    if account.method == Method.STATIC:
        key = keys.static(account)
        entries = {**key, "tenancy": account.details["tenancy"], "region": region}
        pem = folder / "oracle.pem"
        write_private(pem, entries.pop("private_key"))
        _configure(folder, {**entries, "key_file": str(pem)})
        yield Access(_variables("ApiKey", region), secrets=(key["private_key"],))
        pem.unlink(missing_ok=True)
        return
    yield Access()


@contextmanager
def _session(
    account: CloudAccount, bearer: Bearer, region: str, folder: Path
) -> Iterator[Mapping[str, str]]:
    key, pem = new_key(), folder / "oracle.pem"

    def made(ours: str) -> str:
        return session_token(account, bearer.purpose, ours, key)

    with TokenFile(folder / "oracle.upst", bearer, AUDIENCE, made) as file:
        write_private(pem, _pem(key))
        _configure(
            folder,
            {
                "fingerprint": _fingerprint(key),
                "key_file": str(pem),
                "tenancy": account.details["tenancy"],
                "region": region,
                "security_token_file": str(file.path),
            },
        )
        try:
            yield _variables("SecurityToken", region)
        finally:
            pem.unlink(missing_ok=True)


def _variables(auth: str, region: str) -> dict[str, str]:
    return {
        "OCI_AUTH": auth,
        "OCI_CONFIG_FILE_PROFILE": "DEFAULT",
        "OCI_REGION": region,
    }


def _configure(folder: Path, entries: Mapping[str, str]) -> None:
    place = folder / ".oci"
    place.mkdir(mode=0o700, exist_ok=True)
    lines = ["[DEFAULT]", *(f"{name}={value}" for name, value in entries.items())]
    write_private(place / "config", "\n".join(lines) + "\n")


def signer(account: CloudAccount, purpose: Purpose, bearer: Bearer) -> Signer:
    """Whoever signs Paybill's own calls. Raises CloudFailed."""
    if account.method == Method.STATIC:
        kept = keys.static(account)
        key = load_pem_private_key(kept["private_key"].encode(), None)
        owner = f"{account.details['tenancy']}/{kept['user']}/{kept['fingerprint']}"
        return Signer(cast(rsa.RSAPrivateKey, key), owner)
    if account.method != Method.EXCHANGED:
        raise CloudFailed(f"{account.name} has nothing to sign with")
    fresh = new_key()
    token = session_token(account, purpose, mint(bearer, AUDIENCE), fresh)
    return Signer(fresh, f"ST${token}")


def reader(deployment: Deployment) -> Signer:
    """The reading identity, for one deployment."""
    account = keys.account_of(deployment)
    bearer = Bearer(account, Purpose.READ, deployment)
    return signer(account, Purpose.READ, bearer)


def attempt(account: CloudAccount) -> str:
    """Exchange for each identity; Oracle gives a token only to whom it lets in."""
    names = []
    for purpose in keys.purposes(account):
        signer(account, purpose, Bearer(account, purpose))
        names.append(f"{purpose}: {account.identities.get(purpose, 'the API key')}")
    return "; ".join(names)

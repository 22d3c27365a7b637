"""What a plugin is, by its content: the hashes that Terraform's lock files name.

A plugin may have 700 MB, so the digest of a large file is kept beside its size and
the time of its last change. Terraform itself hashes whatever it starts, at each
``init``, against the lock file: what is kept here saves time and guards nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from provisioning.plugins import files

LARGE = 1_000_000  # bytes from which a digest is kept


def of_package(path: Path) -> str:
    """``h1:`` of an unpacked plugin, ``zh:`` of one that is still packed.

    The rule of h1 is Go's dirhash: SHA-256 over a line ``digest  name`` per file.
    """
    if path.is_file():
        return f"zh:{_sha256(path)}"
    names = sorted(
        str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()
    )
    lines = "".join(f"{_sha256(path / name)}  {name}\n" for name in names)
    return f"h1:{base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()}"


def _sha256(path: Path) -> str:
    stat = path.stat()
    if stat.st_size < LARGE:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    name, seen = str(path.resolve()), [stat.st_size, stat.st_mtime_ns]
    known = _known()
    if known.get(name, [])[:2] == seen:
        return str(known[name][2])
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    files.write(_kept(), json.dumps({**_known(), name: [*seen, digest]}))
    return digest


def _kept() -> Path:
    return Path(settings.PAYBILL_LOCAL) / "terraform" / "hashes.json"


def _known() -> dict[str, list[int | str]]:
    with suppress(OSError, ValueError):
        found = json.loads(_kept().read_text())
        return found if isinstance(found, dict) else {}
    return {}

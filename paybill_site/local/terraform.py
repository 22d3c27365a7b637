"""Finds a Terraform that is new enough, or fetches the pinned official release.

    python terraform.py [--fetch]      prints its path; exit status 1 when there is none

Runs before Django and imports the standard library only. Without Terraform everything
pooled works, so a failed download is a message, not a failure.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

OLDEST = (1, 11)
INTRODUCTION = re.compile(r"^(Terraform|OpenTofu) v(\d+)\.(\d+)\.(\d+)", re.MULTILINE)
PINNED = "1.14.0"
# SHA-256 of terraform_<version>_<platform>.zip, as published with the release.
DIGESTS = {
    "linux_amd64": "33ac217458ba8b44ce2813553083bc132c9a07e41a79c2e3627977682d283093",
    "linux_arm64": "23d5e9b3f4014f18f85e242a5a8bbaf6d31b058a31d93580e5fe5da644bf8013",
    "darwin_amd64": "bcb92ac63ab038ed633fe99a86553a9f4595d078dd607ad0b0145d7e65d153d1",
    "darwin_arm64": "57fde1cc2534a7e8c48aaae2ad2954084502852c25d731fc957e4b831f75e16e",
}
BASE = "https://releases.hashicorp.com/terraform"
ROOT = Path(__file__).resolve().parent.parent.parent


class NoTerraform(Exception):
    """No Terraform that is new enough is here, and none could be fetched."""


def find(fetch: bool = False) -> Path:
    """Path of a usable Terraform: TERRAFORM_BIN, PATH, our own copy, a download.

    Raises NoTerraform with a sentence for a person.
    """
    local = Path(os.environ.get("PAYBILL_LOCAL") or ROOT / ".local")
    ours = local / "terraform" / PINNED / "terraform"
    named = os.environ.get("TERRAFORM_BIN")
    if named:
        return _usable(Path(named))
    on_path = shutil.which("terraform")
    for path in (Path(on_path) if on_path else None, ours):
        if path and path.exists() and (version(path) or ()) >= OLDEST:
            return path
    if not fetch:
        raise NoTerraform("no Terraform 1.11 or newer: set TERRAFORM_BIN to one")
    return download(ours)


def version(path: Path) -> tuple[int, ...] | None:
    """(major, minor, patch) of the program, or None when it does not run."""
    said = introduced(path)
    return said[1] if said else None


def introduced(path: Path) -> tuple[str, tuple[int, ...]] | None:
    """What the program is and its version: ``("OpenTofu", (1, 11, 0))``, or None.

    Both products begin with one line such as ``Terraform v1.11.4``.
    """
    # CHECKPOINT_DISABLE: asking for its version must not ask the network.
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": ""}
    try:
        done = subprocess.run(
            [str(path), "version"],
            check=True,
            capture_output=True,
            timeout=20,
            env=environment,
            text=True,
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    said = INTRODUCTION.search(done.stdout)
    return (said[1], tuple(int(part) for part in said.groups()[1:])) if said else None


def download(target: Path, base: str | None = None) -> Path:
    """Fetch the pinned release, check its SHA-256, unpack the program to `target`."""
    name = this_platform()
    wanted = DIGESTS.get(name)
    if wanted is None:
        raise NoTerraform(f"no Terraform release is pinned for {name}")
    base = base or os.environ.get("PAYBILL_TERRAFORM_BASE") or BASE
    address = f"{base.rstrip('/')}/{PINNED}/terraform_{PINNED}_{name}.zip"
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310
            content = answer.read(200_000_000)
    except (OSError, ValueError) as error:
        raise NoTerraform(f"could not fetch Terraform: {error}") from error
    if hashlib.sha256(content).hexdigest() != wanted:
        raise NoTerraform(f"what {address} sent is not the pinned release")
    _unpack(content, target)
    return target


def _usable(path: Path) -> Path:
    found = version(path)
    if found is None:
        raise NoTerraform(f"TERRAFORM_BIN does not run: {path}")
    if found < OLDEST:
        raise NoTerraform(f"TERRAFORM_BIN is older than 1.11: {path}")
    return path


def _unpack(content: bytes, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = target.with_name(f".terraform.{os.getpid()}")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        fresh.write_bytes(archive.read("terraform"))
    fresh.chmod(0o755)
    fresh.replace(target)


def this_platform() -> str:
    """This machine as releases and plugins are named: ``linux_amd64``."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())
    return f"{platform.system().lower()}_{machine or platform.machine()}"


if __name__ == "__main__":
    try:
        print(find(fetch="--fetch" in sys.argv))  # noqa: T201 - the script reads it
    except NoTerraform as error:
        sys.exit(f"paybill: bridge and silo plans are off: {error}")

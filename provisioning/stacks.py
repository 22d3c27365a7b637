"""Stacks: HCL for one cloud and one isolation model, versioned by digest.

The folders on disk are what is new. Each version that was ever queued is archived
with its files, and a deployment stays on its own until it is moved; a run is laid
out from the archive and never from disk.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from provisioning import terraform
from provisioning.errors import StackChanged, UnknownStack
from provisioning.models import StackVersion

FOLDER = Path(__file__).resolve().parent / "stacks"
TESTED = FOLDER / "tested.json"
BLOCK = re.compile(r"required_providers\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
PROVIDER = re.compile(r"\{([^{}]*)\}")
SOURCE = re.compile(r'source\s*=\s*"([^"]+)"')
VERSION = re.compile(r'version\s*=\s*"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as it is on disk. ``name`` is ``<cloud>/<kind>``: ``local/bridge``."""

    name: str

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    def files(self) -> dict[str, str]:
        """Its files, name to text."""
        return {
            file.name: file.read_text() for file in sorted(self.folder.glob("*.tf"))
        }

    def digest(self) -> str:
        return digest(self.files())


def digest(files: Mapping[str, str]) -> str:
    """SHA-256 over the names and contents of a stack's files."""
    whole = hashlib.sha256()
    for name in sorted(files):
        content = hashlib.sha256(files[name].encode()).hexdigest()
        whole.update(f"{name} {content}\n".encode())
    return whole.hexdigest()


def find(cloud: str, kind: str) -> Stack:
    """The stack of a cloud for an isolation model. Raises UnknownStack."""
    stack = Stack(f"{cloud}/{kind}")
    if not stack.files():
        raise UnknownStack(f"there is no stack for {kind} on {cloud}")
    return stack


def every() -> list[Stack]:
    """All stacks on disk, by name."""
    names = {str(file.parent.relative_to(FOLDER)) for file in FOLDER.glob("*/*/*.tf")}
    return [Stack(name) for name in sorted(names)]


def newest(cloud: str, kind: str) -> StackVersion:
    """The version on disk, archived when it is seen for the first time.

    Writes, so call it inside an action. Raises UnknownStack.
    """
    stack = find(cloud, kind)
    files = stack.files()
    version, _ = StackVersion.objects.get_or_create(
        name=stack.name,
        digest=digest(files),
        defaults={"files": files, "providers": admitted(files)},
    )
    return version


def contents(version: StackVersion) -> dict[str, str]:
    """The files of an archived version. Raises StackChanged when they were altered."""
    if digest(version.files) != version.digest:
        raise StackChanged(f"the archived files of {version} are not what they were")
    return dict(version.files)


def admitted(files: Mapping[str, str]) -> dict[str, str]:
    """Which versions of which providers a stack admits: source to constraint."""
    found: dict[str, str] = {}
    for block in BLOCK.findall("\n".join(files.values())):
        for provider in PROVIDER.findall(block):
            source, version = SOURCE.search(provider), VERSION.search(provider)
            if source:
                found[source[1]] = version[1] if version else ""
    return found


def sources(providers: Iterable[str]) -> list[str]:
    """Full addresses of providers, as folders of mirrors are named."""
    return [
        (name if name.count("/") == 2 else f"{terraform.host()}/{name}").lower()
        for name in providers
    ]


@cache
def tested() -> dict[str, Any]:
    """With which version of each provider the stacks were tested: source to version."""
    found: dict[str, Any] = json.loads(TESTED.read_text())
    return found
